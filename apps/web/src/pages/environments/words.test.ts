import type { Environment } from "@roadbed/contracts/delivery/environments";
import { expect, test } from "vitest";

import { durationWords, gateWords, sentenceOf } from "./words.ts";

const environment = (o: Partial<Environment>): Environment =>
  ({ name: "prod", title: "Production", upstream: [], soakMinutes: 0, approvals: [], gates: [], ...o }) as Environment;

test("what has to hold is told in the order in which it is met", () => {
  const prod = environment({
    upstream: ["staging"],
    soakMinutes: 120,
    approvals: [
      { by: "owner", count: 1 },
      { by: "named", names: ["group:default/sre"], count: 2 },
    ],
    gates: [{ name: "no-models", cel: "true" }],
  });
  expect(gateWords(prod)).toEqual([
    "healthy in staging",
    "for 2 hours",
    "a yes of the owner",
    "a yes of 2 of group:default/sre",
    "no-models",
  ]);
  expect(gateWords(environment({}))).toEqual([]);
});

test("times are told in whole units", () => {
  expect([1, 45, 60, 90, 1_440, 2_880].map(durationWords)).toEqual(["1 minute", "45 minutes", "1 hour", "90 minutes", "1 day", "2 days"]);
});

test("the page says what is frozen and what ends", () => {
  const frozen = { freeze: "freeze_1", title: "Sales", until: "2026-12-01T00:00:00Z", hotfixes: true };
  expect(sentenceOf([environment({})])).toBe("One environment. Nothing is frozen.");
  expect(sentenceOf([environment({ frozen }), environment({ expiresAt: "2026-12-01T00:00:00Z" })])).toBe(
    "2 environments, 1 of which ends by itself. Production is frozen.",
  );
});
