import {
  CancelledError,
  ConflictError,
  DeniedError,
  DomainError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  TooLargeError,
  TooManyError,
  UnauthenticatedError,
  UnavailableError,
  type ErrorCode,
  type Problem,
} from "@roadbed/core";

import type { WorkflowError } from "./workflows.ts";

/** Trying again may help only with these, and with errors that nobody foresaw. */
export function isWorthRetrying(error: unknown): boolean {
  return !(error instanceof DomainError) || error.code === "UNAVAILABLE" || error.code === "TOO_MANY";
}

/** What was recorded as plain data is a `DomainError` again, so that `catch` finds the same after a restart as before. */
export function reviveError(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const { code, mend, problems, decisionId, retryAfterSeconds } = error as Error & Recorded;
  const make = FACTORIES[code as ErrorCode];
  return make === undefined ? error : make(error.message, { mend, problems: problems ?? [], decisionId, retryAfterSeconds });
}

/** For people and faces: the words, without the stack. */
export function describeError(error: unknown): WorkflowError | undefined {
  if (error === undefined || error === null) return undefined;
  const { message, code, mend, problems } = error as Partial<Error> & Recorded;
  return {
    message: typeof message === "string" ? message : JSON.stringify(error),
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof mend === "string" ? { mend } : {}),
    ...(Array.isArray(problems) && problems.length > 0 ? { problems } : {}),
  };
}

interface Recorded {
  readonly code?: string | undefined;
  readonly mend?: string | undefined;
  readonly problems?: readonly Problem[];
  readonly decisionId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

type Details = Recorded & { readonly problems: readonly Problem[] };

const FACTORIES: Record<ErrorCode, (message: string, details: Details) => DomainError> = {
  INVALID: (message, details) => new InvalidError(message, plain(details)),
  UNAUTHENTICATED: (message, details) => new UnauthenticatedError(message, plain(details)),
  FORBIDDEN: (message, details) => new ForbiddenError(message, plain(details)),
  DENIED: (message, { problems, decisionId }) =>
    new DeniedError(message, { problems, ...(decisionId === undefined ? {} : { decisionId }) }),
  NOT_FOUND: (message, { mend }) => Object.assign(new NotFoundError("", "", mend), { message }),
  CONFLICT: (message, details) => new ConflictError(message, plain(details)),
  TOO_LARGE: (message, details) => new TooLargeError(message, plain(details)),
  TOO_MANY: (message, { retryAfterSeconds }) => new TooManyError(message, retryAfterSeconds ?? 1),
  UNAVAILABLE: (message, details) => new UnavailableError(message, plain(details)),
  CANCELLED: (message, details) => new CancelledError(message, plain(details)),
};

function plain({ mend, problems }: Details): { mend?: string; problems: readonly Problem[] } {
  return { problems, ...(mend === undefined ? {} : { mend }) };
}
