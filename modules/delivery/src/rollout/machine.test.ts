import type { RolloutStep } from "@roadbed/contracts/delivery/rollouts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { BEGINNING, follow, isOver, may, TABLE, trafficOf, type Position, type RolloutEvent } from "./machine.ts";

const STATES = Object.keys(TABLE) as Position["state"][];
const EVENTS = Object.keys(TABLE.starting) as RolloutEvent[];

const someSteps: fc.Arbitrary<RolloutStep[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("weight" as const), weight: fc.integer({ min: 0, max: 100 }) }),
    fc.constantFrom<RolloutStep>({ kind: "pause" }, { kind: "pause", seconds: 5 }, { kind: "analysis" }, { kind: "header", name: "x-a" }),
    fc.record({ kind: fc.constant("mirror" as const), percent: fc.integer({ min: 1, max: 100 }), unsafe: fc.boolean() }),
  ),
  { maxLength: 8 },
);

describe("the table", () => {
  test("has every event in every state, and they are all the states there are", () => {
    expect(STATES).toHaveLength(8);
    for (const state of STATES) expect(Object.keys(TABLE[state]).sort()).toEqual([...EVENTS].sort());
  });

  test("lets nothing out of an end, and lets people act only where it does something", () => {
    for (const state of ["promoted", "rolled-back"] as const)
      expect(Object.values(TABLE[state]).every((outcome) => outcome === "-" || outcome === "refuse")).toBe(true);
    expect(STATES.filter((state) => may(state, "abort"))).toEqual(["starting", "pausing", "analysing", "held"]);
    expect(STATES.filter((state) => may(state, "resume"))).toEqual(["pausing", "held"]);
    expect(STATES.filter((state) => may(state, "hold"))).toEqual(["pausing", "analysing"]);
  });
});

describe("whatever happens in whatever order", () => {
  test("traffic is always stated, ends all on one release, and an end stays one", () => {
    fc.assert(
      fc.property(someSteps, fc.array(fc.constantFrom(...EVENTS), { maxLength: 40 }), (steps, events) => {
        let at = BEGINNING;
        for (const event of events) {
          const before = at;
          at = follow(at, steps, event);
          const { candidate, baseline } = trafficOf(at, steps);
          expect(candidate).toBeGreaterThanOrEqual(0);
          expect(baseline).toBeGreaterThanOrEqual(0);
          expect(candidate + baseline).toBeLessThanOrEqual(100);
          if (isOver(before)) expect(at).toEqual(before);
          if (at.state === "rolled-back" || at.state === "rolling-back" || at.state === "starting") expect(candidate).toBe(0);
          if (at.state === "promoted" || at.state === "promoting") expect([candidate, baseline]).toEqual([100, 0]);
          if (before.state === "rolling-back") expect(["rolling-back", "rolled-back"]).toContain(at.state);
          if (at.state === "promoted" && before.state !== "promoted") expect(before.state).toBe("promoting");
          // The same event again, after a crash that left it unsaid whether it was done, does no more than it did.
          if (
            ["passed", "regressed", "undecided", "failed", "completed", "restored", "started"].includes(event) &&
            at.state !== before.state
          )
            expect(isOver(follow(at, steps, event)) && !isOver(at)).toBe(false);
        }
      }),
    );
  });

  test("no release is promoted past an analysis that did not pass, unless somebody said so", () => {
    const byItself: RolloutEvent[] = ["started", "elapsed", "regressed", "undecided", "completed", "restored"];
    fc.assert(
      fc.property(someSteps, fc.array(fc.constantFrom(...byItself), { maxLength: 40 }), (some, events) => {
        const steps: RolloutStep[] = [{ kind: "weight", weight: 10 }, { kind: "analysis" }, ...some];
        expect(events.reduce((at, event) => follow(at, steps, event), BEGINNING).state).not.toMatch(/^promot/);
      }),
    );
  });

  test("every rollout can be brought to its end from wherever it is", () => {
    fc.assert(
      fc.property(someSteps, fc.array(fc.constantFrom(...EVENTS), { maxLength: 20 }), (steps, events) => {
        const at = events.reduce((before, event) => follow(before, steps, event), BEGINNING);
        const end = (["abort", "restored", "completed"] as const).reduce((before, event) => follow(before, steps, event), at);
        expect(isOver(end)).toBe(true);
      }),
    );
  });
});

test("a canary goes up its weights, is analysed at each, and is promoted", () => {
  const steps: RolloutStep[] = [
    { kind: "header", name: "x-canary", value: "yes" },
    { kind: "weight", weight: 10 },
    { kind: "analysis" },
    { kind: "weight", weight: 60 },
    { kind: "pause", seconds: 5 },
  ];
  const events: RolloutEvent[] = ["started", "passed", "elapsed", "completed"];
  const path: unknown[] = [];
  events.reduce((at, event) => {
    const next = follow(at, steps, event);
    path.push([next.state, next.step, trafficOf(next, steps), next.header?.name]);
    return next;
  }, BEGINNING);
  expect(path).toEqual([
    ["analysing", 2, { candidate: 10, baseline: 10 }, "x-canary"],
    ["pausing", 4, { candidate: 60, baseline: 40 }, "x-canary"],
    ["promoting", 5, { candidate: 100, baseline: 0 }, undefined],
    ["promoted", 5, { candidate: 100, baseline: 0 }, undefined],
  ]);
});
