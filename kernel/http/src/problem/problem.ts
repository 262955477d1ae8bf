import { DeniedError, DomainError, TooManyError, type ErrorCode, type Problem } from "@roadbed/core";

/** The one table from our words to HTTP's. 499 is the usual number for a caller who hung up. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  DENIED: 422,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LARGE: 413,
  TOO_MANY: 429,
  UNAVAILABLE: 503,
  CANCELLED: 499,
};

const TITLE: Readonly<Record<ErrorCode, string>> = {
  INVALID: "The input does not fit",
  UNAUTHENTICATED: "Nobody is signed in",
  FORBIDDEN: "Not allowed",
  DENIED: "A policy says no",
  NOT_FOUND: "Not found",
  CONFLICT: "It clashes with what is there",
  TOO_LARGE: "Too large",
  TOO_MANY: "Too many requests",
  UNAVAILABLE: "A part does not answer now",
  CANCELLED: "The caller went away",
};

/** An error on the wire: RFC 9457 problem details with our own members. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** An `ErrorCode`, or `INTERNAL` for a fault of ours. */
  readonly code: ErrorCode | "INTERNAL";
  readonly detail: string;
  readonly mend?: string;
  readonly problems: readonly Problem[];
  readonly requestId: string;
  readonly decisionId?: string;
  /** Seconds, with TOO_MANY; also the header Retry-After. */
  readonly retryAfter?: number;
}

/** Translates any thrown value. Nothing of an unknown error but the request id leaves the server. */
export function toProblemBody(error: unknown, requestId: string): ProblemBody {
  if (error instanceof DomainError) return domainProblem(error, requestId);
  return frameworkProblem(error, requestId) ?? internalProblem(requestId);
}

/** A problem of the transport itself, which no operation threw: an unknown address, method or content type. */
export function problemFor(
  code: ErrorCode,
  requestId: string,
  parts: { readonly status?: number; readonly title?: string; readonly detail: string; readonly mend?: string },
): ProblemBody {
  return {
    type: typeOf(code),
    title: parts.title ?? TITLE[code],
    status: parts.status ?? STATUS[code],
    code,
    detail: parts.detail,
    ...(parts.mend === undefined ? {} : { mend: parts.mend }),
    problems: [],
    requestId,
  };
}

function domainProblem(error: DomainError, requestId: string): ProblemBody {
  return {
    type: typeOf(error.code),
    title: TITLE[error.code],
    status: STATUS[error.code],
    code: error.code,
    detail: error.message,
    ...(error.mend === undefined ? {} : { mend: error.mend }),
    problems: error.problems,
    requestId,
    ...(error instanceof DeniedError && error.decisionId !== undefined ? { decisionId: error.decisionId } : {}),
    ...(error instanceof TooManyError ? { retryAfter: error.retryAfterSeconds } : {}),
  };
}

/** What Fastify throws before a handler runs. Its messages are written for callers; anything else stays inside. */
function frameworkProblem(error: unknown, requestId: string): ProblemBody | undefined {
  const { statusCode, code, message } = (error ?? {}) as { statusCode?: number; code?: string; message?: string };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return problemFor("TOO_LARGE", requestId, { detail: "The body is larger than this address takes.", mend: "Send less at once." });
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return problemFor("INVALID", requestId, {
      status: 415,
      title: "Wrong content type",
      detail: "This address does not read that content type.",
      mend: "Send JSON with the header Content-Type: application/json.",
    });
  }
  if (code === "FST_ERR_CTP_INVALID_JSON_BODY" || error instanceof SyntaxError) {
    return problemFor("INVALID", requestId, { detail: "The body is not valid JSON.", mend: "Check commas, quotes and brackets." });
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return problemFor("INVALID", requestId, { status: statusCode, detail: message ?? "The request is malformed." });
  }
  return undefined;
}

function internalProblem(requestId: string): ProblemBody {
  return {
    type: "urn:roadbed:problem:internal",
    title: "Something went wrong inside Roadbed",
    status: 500,
    code: "INTERNAL",
    detail: "This is a fault of Roadbed, not of the request.",
    mend: `Look for ${requestId} in the server's log.`,
    problems: [],
    requestId,
  };
}

function typeOf(code: ErrorCode): string {
  return `urn:roadbed:problem:${code.toLowerCase().replaceAll("_", "-")}`;
}
