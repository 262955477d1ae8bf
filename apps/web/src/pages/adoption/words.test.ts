import { expect, test } from "vitest";

import { answerOf, howWords } from "./words.ts";

const item = { counts: { eligible: 4, active: 3, voluntary: 2, mandated: 1, unknown: 0 } } as never;
const register = { completeSince: "2026-01-01", why: "" };

test("the answer says what can be said, and what cannot", () => {
  expect(answerOf({ items: [item], register, teams: 5, delivering: 4 })).toMatch(/3 are in use; 2 by choice/);
  expect(answerOf({ items: [item], teams: 5, delivering: 4 })).toContain("nobody can say");
  expect(answerOf({ items: [item], register, teams: 5, delivering: 0 })).toContain("no team can be called eligible");
  expect(answerOf({ items: [], register, teams: 0, delivering: 0 })).toContain("nobody who could adopt");
});

test("how a team came to it", () => {
  expect([howWords(undefined), howWords("voluntary"), howWords("unknown")]).toEqual(["not yet", "by choice", "unknown"]);
});
