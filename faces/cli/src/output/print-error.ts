import { DeniedError, DomainError, TooManyError } from "@roadbed/core";
import { UnexpectedAnswerError } from "@roadbed/face-client";

import { printable, type Paint } from "./text.ts";

/** An error for people: what went wrong, each field with its reason, and what would mend it. */
export function renderError(error: unknown, paint: Paint): string {
  if (!(error instanceof DomainError)) return `${paint.red("Error:")} ${renderUnknown(error)}\n`;
  const repeats = error.problems.length > 0 && error.problems.every(({ reason }) => error.message.includes(reason));
  const sentence = repeats && error.code === "INVALID" ? "The input does not fit." : error.message;
  const problems = error.problems.map(({ at, reason, mend }) => {
    const line = `  ${paint.bold(printable(at))}${at === "" ? "" : "  "}${printable(reason)}\n`;
    return mend === undefined ? line : `${line}      ${paint.green("mend:")} ${printable(mend)}\n`;
  });
  const mend = error.mend === undefined ? "" : `${paint.green("mend:")} ${printable(error.mend)}\n`;
  return `${paint.red("Error:")} ${printable(sentence)}\n${problems.join("")}${mend}`;
}

/** The same error for programs: one line of problem JSON. */
export function toProblemJson(error: unknown): string {
  if (error instanceof UnexpectedAnswerError) {
    return JSON.stringify({ code: "INTERNAL", status: error.status, detail: error.message, requestId: error.requestId, problems: [] });
  }
  if (!(error instanceof DomainError)) {
    return JSON.stringify({ code: "INTERNAL", detail: error instanceof Error ? error.message : String(error), problems: [] });
  }
  return JSON.stringify({
    code: error.code,
    detail: error.message,
    mend: error.mend,
    problems: error.problems,
    ...(error instanceof DeniedError ? { decisionId: error.decisionId } : {}),
    ...(error instanceof TooManyError ? { retryAfter: error.retryAfterSeconds } : {}),
  });
}

function renderUnknown(error: unknown): string {
  if (error instanceof UnexpectedAnswerError && error.requestId !== undefined)
    return `${printable(error.message)} (request ${error.requestId})`;
  return printable(error instanceof Error ? error.message : String(error));
}
