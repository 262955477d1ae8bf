import { expect, it } from "vitest";

import { sentenceOfChain } from "./chain.ts";

it("says whether the log is whole, and where it breaks", () => {
  expect(sentenceOfChain({ ok: true, rows: 120 }).replace("\u00a0", " ")).toBe(
    "All 120 rows are as they were written; none was changed, added or removed.",
  );
  expect(sentenceOfChain({ ok: true, rows: 1 })).toBe("The one row is as it was written.");
  expect(sentenceOfChain({ ok: true, rows: 0 })).toMatch(/empty/);
  expect(sentenceOfChain({ ok: false, rows: 9, brokenAt: "7" })).toMatch(/breaks at row 7/);
  expect(sentenceOfChain({ ok: false, rows: 9 })).toBe("The chain is broken.");
});
