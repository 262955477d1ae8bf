import {
  CancelledError,
  ConflictError,
  DeniedError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  TooLargeError,
  TooManyError,
  UnauthenticatedError,
  UnavailableError,
  type DomainError,
  type ErrorCode,
  type Problem,
} from "@roadbed/core";

/** What stands in an error answer; nothing of it is certain, since a proxy may have written it. */
export interface WireProblem {
  readonly code?: string;
  readonly detail?: string;
  readonly title?: string;
  readonly mend?: string;
  readonly problems?: readonly Problem[];
  readonly requestId?: string;
  readonly decisionId?: string;
  readonly retryAfter?: number;
}

/** The server failed in a way it could not name, or something else than Roadbed answered. */
export class UnexpectedAnswerError extends Error {
  readonly status: number;
  /** Finds the fault in the server's log. */
  readonly requestId: string | undefined;

  constructor(message: string, status: number, requestId: string | undefined) {
    super(message);
    this.name = "UnexpectedAnswerError";
    this.status = status;
    this.requestId = requestId;
  }
}

type Options = { readonly mend?: string; readonly problems: readonly Problem[] };

const MAKE: Readonly<Record<ErrorCode, (message: string, options: Options, wire: WireProblem) => DomainError>> = {
  INVALID: (message, options) => new InvalidError(message, options),
  UNAUTHENTICATED: (message, options) => new UnauthenticatedError(message, options),
  FORBIDDEN: (message, options) => new ForbiddenError(message, options),
  DENIED: (message, options, { decisionId }) =>
    new DeniedError(message, { ...options, ...(decisionId === undefined ? {} : { decisionId }) }),
  NOT_FOUND: (message, { mend }) => Object.assign(new NotFoundError("thing", "", mend), { message }),
  CONFLICT: (message, options) => new ConflictError(message, options),
  TOO_LARGE: (message, options) => new TooLargeError(message, options),
  TOO_MANY: (message, _options, { retryAfter }) => new TooManyError(message, retryAfter ?? 1),
  UNAVAILABLE: (message, options) => new UnavailableError(message, options),
  CANCELLED: (message, options) => new CancelledError(message, options),
};

/** The error the server threw, made again from its problem+json. */
export function toError(response: { readonly status: number; readonly url: string }, text: string): Error {
  const wire = parseProblem(text);
  const message = wire.detail ?? wire.title ?? `The server answered ${response.status}.`;
  const make = MAKE[wire.code as ErrorCode] as (typeof MAKE)[ErrorCode] | undefined;
  if (make) return make(message, { problems: wire.problems ?? [], ...(wire.mend === undefined ? {} : { mend: wire.mend }) }, wire);
  if (response.status === 502 || response.status === 503 || response.status === 504) {
    return new UnavailableError(message, { mend: "Is Roadbed running? Start it with npm start." });
  }
  return new UnexpectedAnswerError(message, response.status, wire.requestId);
}

function parseProblem(text: string): WireProblem {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
