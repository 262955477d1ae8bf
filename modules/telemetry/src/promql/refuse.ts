import { InvalidError } from "@roadbed/core";

/** A query that cannot be answered: why, and where in it. */
export function refuse(reason: string, at: number, mend?: string): InvalidError {
  const message = `${reason} (at character ${at + 1} of the query).`;
  return new InvalidError(message, { problems: [{ at: "query", reason: message }], ...(mend === undefined ? {} : { mend }) });
}
