import { describe, expect, test } from "vitest";

import type { ObjectiveStanding } from "../deps.ts";
import { errorBudgetGate, judge } from "./error-budget-gate.ts";
import type { GateDeps, Subject } from "./gate.ts";

const NOW = new Date("2026-03-10T12:00:00Z");
const RULE = { leastPercent: 10, required: false };
const standing = (over: Partial<ObjectiveStanding> = {}): ObjectiveStanding => ({
  name: "orders-answer",
  title: "Orders answer",
  remaining: 0.5,
  why: "99.95 % of 1000 were good.",
  countedAt: new Date(NOW.getTime() - 60_000),
  uncounted: 0,
  ...over,
});
const found = (all: readonly ObjectiveStanding[], rule = RULE) => judge(all, rule, "prod", NOW);

describe("the gate on the error budget", () => {
  test("lets through what has as much left as is asked for, and stops what has less", () => {
    expect(found([standing({ remaining: 0.1 })]).verdict).toBe("passed");
    expect(found([standing(), standing({ remaining: 0.0999 })])).toMatchObject({
      verdict: "blocked",
      why: "Orders answer has 9.9 % left; prod asks for 10 %. A hotfix may pass.",
      evidence: [{ link: "/slos/orders-answer" }, { value: expect.stringContaining("9.9 % left") }],
    });
    expect(found([standing({ remaining: -3 })]).verdict).toBe("blocked");
    expect(found([standing({ remaining: 0 })], { leastPercent: 0, required: false }).verdict).toBe("passed");
  });

  test("cannot be evaluated without data, with old figures and while the past is counted: then nothing goes through", () => {
    const { remaining: _none, ...dark } = standing({ why: "Nothing that counts came." });
    expect(found([dark])).toMatchObject({ verdict: "unknown", why: expect.stringContaining("Nothing that counts came.") });
    expect(found([standing({ countedAt: new Date(NOW.getTime() - 11 * 60_000) })])).toMatchObject({
      verdict: "unknown",
      why: expect.stringContaining("counted last at 2026-03-10T11:49"),
    });
    expect(found([standing({ uncounted: 3 })])).toMatchObject({ verdict: "unknown", why: expect.stringContaining("still being counted") });
    // What is known to be spent is not excused by what is not known.
    expect(found([dark, standing({ remaining: 0 })]).verdict).toBe("blocked");
  });

  test("does not apply to a component without objectives, unless the environment wants one", () => {
    expect(found([]).verdict).toBe("passed");
    expect(found([], { leastPercent: 10, required: true })).toMatchObject({
      verdict: "blocked",
      why: expect.stringContaining("roadbed slo apply"),
    });
  });

  test("stops neither a hotfix nor a rollback, and is not evaluated where nobody knows of objectives", async () => {
    const subject = (promotion: object) =>
      ({
        promotion: { kind: "promote", hotfix: false, ...promotion },
        release: { entity_ref: "component:default/orders" },
        environment: { name: "prod" },
        now: NOW,
      }) as unknown as Subject;
    const deps = {
      runtime: { system: () => ({}), read: (_call: unknown, work: (ctx: unknown) => unknown) => work({}) },
      objectives: async () => [standing({ remaining: -1 })],
    } as unknown as GateDeps;
    const verdict = async (promotion: object, d = deps) =>
      (await errorBudgetGate(d, subject(promotion), RULE).evaluate(AbortSignal.timeout(1_000))).verdict;
    expect(await verdict({})).toBe("blocked");
    expect(await verdict({ hotfix: true })).toBe("passed");
    expect(await verdict({ kind: "rollback" })).toBe("passed");
    expect(await verdict({}, { runtime: deps.runtime } as GateDeps)).toBe("unknown");
  });
});
