import { formatCount } from "../../format/number.ts";

/** `All 120 rows are as they were written.` or where the chain breaks. */
export function sentenceOfChain({
  ok,
  rows,
  brokenAt,
}: {
  readonly ok: boolean;
  readonly rows: number;
  readonly brokenAt?: string | undefined;
}): string {
  if (!ok)
    return brokenAt === undefined
      ? "The chain is broken."
      : `The chain breaks at row ${brokenAt}: it or a row before it was changed, added or removed.`;
  if (rows === 0) return "The log is empty; there is nothing to verify.";
  return rows === 1
    ? "The one row is as it was written."
    : `All ${formatCount(rows, "row")} are as they were written; none was changed, added or removed.`;
}
