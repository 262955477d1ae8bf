/** What went wrong, in words every face can translate by one table. Never an HTTP status. */
export type ErrorCode =
  | "INVALID"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "DENIED"
  | "NOT_FOUND"
  | "CONFLICT"
  | "TOO_LARGE"
  | "TOO_MANY"
  | "UNAVAILABLE"
  | "CANCELLED";

/** One thing that is wrong, where it is, and what would mend it. */
export interface Problem {
  /** A JSON pointer, a file name or a field name; "" for the whole input. */
  readonly at: string;
  readonly reason: string;
  readonly mend?: string;
}

export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  /** What would mend it, in one sentence. */
  readonly mend: string | undefined;
  readonly problems: readonly Problem[];

  constructor(message: string, options: ErrorOptions & { readonly mend?: string; readonly problems?: readonly Problem[] } = {}) {
    super(message, options);
    this.name = new.target.name;
    this.mend = options.mend;
    this.problems = options.problems ?? [];
  }
}

/** The input does not fit; `problems` names each field. */
export class InvalidError extends DomainError {
  readonly code = "INVALID";
}

/** Nobody is signed in, or the credential is not (or no longer) good. */
export class UnauthenticatedError extends DomainError {
  readonly code = "UNAUTHENTICATED";
}

/** The actor may not do this. */
export class ForbiddenError extends DomainError {
  readonly code = "FORBIDDEN";
}

/** A policy says no; `problems` carries one entry per failed rule, `decisionId` the stored decision. */
export class DeniedError extends DomainError {
  readonly code = "DENIED";
  readonly decisionId: string | undefined;

  constructor(message: string, options: { readonly problems: readonly Problem[]; readonly decisionId?: string }) {
    super(message, options);
    this.decisionId = options.decisionId;
  }
}

export class NotFoundError extends DomainError {
  readonly code = "NOT_FOUND";

  constructor(noun: string, id: string, mend?: string) {
    super(`${noun} ${id} not found`, mend === undefined ? {} : { mend });
  }
}

/** It clashes with what is there already. */
export class ConflictError extends DomainError {
  readonly code = "CONFLICT";
}

/** More bytes, rows or depth than the limit that the message names. */
export class TooLargeError extends DomainError {
  readonly code = "TOO_LARGE";
}

/** Too often; `retryAfterSeconds` says when to try again. */
export class TooManyError extends DomainError {
  readonly code = "TOO_MANY";
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message, { mend: `Try again in ${retryAfterSeconds} s.` });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A part that is needed does not answer now; trying again later is right. */
export class UnavailableError extends DomainError {
  readonly code = "UNAVAILABLE";
}

export class CancelledError extends DomainError {
  readonly code = "CANCELLED";
}
