import { DomainError, type ErrorCode, type Problem } from "@roadbed/core";

/** An error as a page shows it: what happened, what mends it, and each field that is wrong. */
export interface ErrorWords {
  readonly title: string;
  readonly mend: string | undefined;
  readonly problems: readonly Problem[];
  readonly code: ErrorCode | undefined;
}

/** From anything thrown to words. */
export function toWords(error: unknown): ErrorWords {
  if (error instanceof DomainError) {
    // What stands in the sentence already is not said a second time below it.
    const problems = error.problems.filter(({ reason, mend }) => mend !== undefined || !error.message.includes(reason));
    return { title: error.message, mend: error.mend ?? MENDS[error.code], problems, code: error.code };
  }
  const title = error instanceof Error ? error.message : String(error);
  if (/fetch|network|load failed/i.test(title)) {
    return { title: "Roadbed does not answer.", mend: "Check that the server runs, then try again.", problems: [], code: "UNAVAILABLE" };
  }
  return { title, mend: undefined, problems: [], code: undefined };
}

/** True when it is a domain error of one of these codes. */
export function isCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return error instanceof DomainError && codes.includes(error.code);
}

const MENDS: Partial<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: "Sign in again.",
  FORBIDDEN: "Ask an administrator for the right to do this.",
  UNAVAILABLE: "A part of Roadbed does not answer now. Try again in a moment.",
  CONFLICT: "Somebody may have changed it meanwhile. Reload and try again.",
};
