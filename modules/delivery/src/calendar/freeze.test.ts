import fc from "fast-check";
import { expect, test } from "vitest";

import { frozenTimeAt, nextFrozenTime, stateOf, toFreeze, type FreezeRecord } from "./freeze-store.ts";

const at = (text: string): Date => new Date(text);
const freeze = (o: Partial<FreezeRecord> = {}): FreezeRecord => ({
  id: "freeze_1",
  title: "End of the year",
  reason: "nobody is there",
  environments: [],
  from: at("2026-12-20T00:00:00Z"),
  until: at("2027-01-04T00:00:00Z"),
  repeats: undefined,
  hotfixes: true,
  madeBy: "user:ada",
  madeAt: at("2026-11-01T00:00:00Z"),
  lifted: undefined,
  ...o,
});
const fridays = freeze({
  title: "Fridays from four",
  from: at("2026-03-01T00:00:00Z"),
  until: at("2027-03-01T00:00:00Z"),
  repeats: { cron: "0 16 * * 5", timeZone: "Europe/Berlin", minutes: 480 },
});

test("a freeze counts from its first instant to before its last", () => {
  expect(frozenTimeAt(freeze(), at("2026-12-19T23:59:59.999Z"))).toBeUndefined();
  expect(frozenTimeAt(freeze(), at("2026-12-20T00:00:00Z"))).toMatchObject({ until: at("2027-01-04T00:00:00Z") });
  expect(frozenTimeAt(freeze(), at("2027-01-03T23:59:59.999Z"))).toBeDefined();
  expect(frozenTimeAt(freeze(), at("2027-01-04T00:00:00Z"))).toBeUndefined();
});

test("one that repeats counts by the clocks of its zone, also over the change of the clocks", () => {
  // In winter 16:00 in Berlin is 15:00 UTC, in summer 14:00.
  expect(frozenTimeAt(fridays, at("2026-03-27T14:59:00Z"))).toBeUndefined();
  expect(frozenTimeAt(fridays, at("2026-03-27T15:00:00Z"))).toMatchObject({
    from: at("2026-03-27T15:00:00Z"),
    until: at("2026-03-27T23:00:00Z"),
  });
  expect(frozenTimeAt(fridays, at("2026-03-27T22:59:59Z"))).toBeDefined();
  expect(frozenTimeAt(fridays, at("2026-03-27T23:00:00Z"))).toBeUndefined();
  expect(frozenTimeAt(fridays, at("2026-04-03T14:00:00Z"))).toMatchObject({ from: at("2026-04-03T14:00:00Z") });
  expect(nextFrozenTime(fridays, at("2026-03-28T00:00:00Z"))).toMatchObject({ from: at("2026-04-03T14:00:00Z") });
});

test("announced in the middle of such a time, it holds at once", () => {
  const late = { ...fridays, from: at("2026-03-27T18:00:00Z") };
  expect(frozenTimeAt(late, at("2026-03-27T18:00:00Z"))).toMatchObject({ from: late.from, until: at("2026-03-27T23:00:00Z") });
  expect(nextFrozenTime(late, at("2026-03-20T18:00:00Z"))).toMatchObject({ from: late.from });
});

test("its state says whether it holds, will hold, or is done with", () => {
  expect(stateOf(freeze(), at("2026-12-01T00:00:00Z"))).toBe("planned");
  expect(stateOf(freeze(), at("2026-12-24T00:00:00Z"))).toBe("in force");
  expect(stateOf(freeze(), at("2027-02-01T00:00:00Z"))).toBe("over");
  expect(stateOf(fridays, at("2026-03-25T00:00:00Z"))).toBe("between");
  // No Friday is left before its end.
  expect(stateOf(fridays, at("2027-02-28T00:00:00Z"))).toBe("over");
  const lifted = freeze({ lifted: { by: "user:ada", at: at("2026-12-22T00:00:00Z"), why: "all are back" } });
  expect(stateOf(lifted, at("2026-12-24T00:00:00Z"))).toBe("lifted");
  expect(frozenTimeAt(lifted, at("2026-12-23T00:00:00Z"))).toBeUndefined();
  expect(frozenTimeAt(lifted, at("2026-12-21T00:00:00Z"))).toMatchObject({ until: at("2026-12-22T00:00:00Z") });
  expect(toFreeze(lifted, at("2026-12-24T00:00:00Z"))).toMatchObject({ state: "lifted", liftedWhy: "all are back" });
});

test("whatever instant is asked, the next time is not over, and within a time the answer is that time", () => {
  const span = [fridays.from.getTime() - 10 ** 9, fridays.until.getTime() + 10 ** 9] as const;
  fc.assert(
    fc.property(fc.integer({ min: span[0], max: span[1] }), (ms) => {
      const now = new Date(ms);
      const next = nextFrozenTime(fridays, now);
      if (next === undefined) {
        expect(stateOf(fridays, now)).toBe("over");
        return;
      }
      expect(next.until.getTime()).toBeGreaterThan(ms);
      expect(frozenTimeAt(fridays, next.from)).toEqual(next);
      expect(frozenTimeAt(fridays, now) !== undefined).toBe(next.from.getTime() <= ms);
    }),
    { numRuns: 60 },
  );
});
