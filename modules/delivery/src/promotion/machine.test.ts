import fc from "fast-check";
import { expect, test } from "vitest";

import { PromotionState } from "@roadbed/contracts/delivery/promotions";
import { after, hasEnded, TRANSITIONS, type PromotionEvent } from "./machine.ts";

const STATES = PromotionState.options;
const EVENTS = Object.keys(TRANSITIONS.waiting) as PromotionEvent[];

test("every state answers every event", () => {
  expect(Object.keys(TRANSITIONS).sort()).toEqual([...STATES].sort());
  for (const state of STATES) expect(Object.keys(TRANSITIONS[state]).sort()).toEqual([...EVENTS].sort());
});

test("in whatever order things are told, and told twice, a promotion is let through once, and what ended stays so", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 40 }), (told) => {
      let state: PromotionState = "waiting";
      const seen: PromotionState[] = [state];
      for (const event of told.flatMap((one) => [one, one])) {
        const next = after(state, event);
        if (hasEnded(state)) expect(next).toBeUndefined();
        if (next === undefined) continue;
        state = next;
        seen.push(state);
      }
      for (const once of STATES) expect(seen.filter((one) => one === once).length).toBeLessThanOrEqual(1);
      // Nothing is deployed that was not written, and nothing is written that was not let through.
      if (seen.includes("deploying")) expect(seen.indexOf("writing")).toBeLessThan(seen.indexOf("deploying"));
      if (seen.includes("promoted")) expect(seen).toContain("writing");
    }),
    { numRuns: 2_000 },
  );
});

test("from every state that has not ended there is a way to an end", () => {
  for (const start of STATES.filter((state) => !hasEnded(state))) {
    const reached = new Set<PromotionState>([start]);
    for (const state of reached) for (const event of EVENTS) if (after(state, event) !== undefined) reached.add(after(state, event)!);
    expect([...reached].some(hasEnded)).toBe(true);
  }
});
