import { DomainError, type ErrorCode } from "@roadbed/core";

/** What the shell learns. Stable: scripts count on it. */
export const EXIT = { ok: 0, failed: 1, invalid: 2, denied: 3, notFound: 4, notAllowed: 5, unavailable: 6, interrupted: 130 } as const;

const BY_CODE: Readonly<Record<ErrorCode, number>> = {
  INVALID: EXIT.invalid,
  DENIED: EXIT.denied,
  NOT_FOUND: EXIT.notFound,
  UNAUTHENTICATED: EXIT.notAllowed,
  FORBIDDEN: EXIT.notAllowed,
  UNAVAILABLE: EXIT.unavailable,
  CONFLICT: EXIT.failed,
  TOO_LARGE: EXIT.failed,
  TOO_MANY: EXIT.failed,
  CANCELLED: EXIT.interrupted,
};

export function exitCodeOf(error: unknown): number {
  return error instanceof DomainError ? exitCodeOfCode(error.code) : EXIT.failed;
}

export function exitCodeOfCode(code: ErrorCode): number {
  return BY_CODE[code];
}
