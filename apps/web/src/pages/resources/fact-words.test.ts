import { expect, test } from "vitest";

import { factWords } from "./fact-words.ts";

test("facts are told in words, with units, and what is nothing is left out", () => {
  expect(
    factWords({
      engine: "PostgreSQL 18",
      port: 15432,
      bytes: 7_643_663,
      inWork: 1234,
      oldestSeconds: 600,
      outputs: { queue_url: "x", ok: true },
      sensitiveOutputs: [],
      gone: "",
    }),
  ).toEqual([
    ["Engine", "PostgreSQL 18"],
    ["In work", "1\u202f234"],
    ["Oldest message", "10 min"],
    ["Outputs: ok", "yes"],
    ["Outputs: queue url", "x"],
    ["Port", "15432"],
    ["Secret outputs", "none"],
    ["Size", "7.3 MB"],
  ]);
});
