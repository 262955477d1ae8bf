import { describe, expect, test } from "vitest";

import { adoptedOn, cameByItself, driftOf, howAdopted, isActive, type DayOfUse, type Pushed } from "./adoption.ts";
import { isCountedHere, patternOf } from "./capability.ts";
import { daysToShares, promisedOn } from "./curve.ts";
import { dayOfText, textOfDay } from "./days.ts";
import type { TeamUse } from "./read-adoption.ts";
import { byHeir, heirsOf, type TeamChange } from "./team-history.ts";

const on = (...days: readonly (number | readonly [number, number])[]): DayOfUse[] =>
  days.map((one) => (typeof one === "number" ? { day: one, events: 1 } : { day: one[0], events: one[1] }));
const mandate = (at: number, endedAt?: number): Pushed => ({ kind: "mandate", at, endedAt });
const invitation = (at: number): Pushed => ({ kind: "invitation", at, endedAt: undefined });

describe("active and adopted", () => {
  test.each([
    ["three uses on one day are a look around", on([100, 3]), false],
    ["two uses on two days are too few", on(99, 100), false],
    ["three uses on two days are enough", on([99, 2], 100), true],
    ["the 28th day before is in the window", on([73, 2], 100), true],
    ["the 29th is not", on([72, 2], 100), false],
    ["nothing at all", [], false],
  ])("%s", (_, days, active) => expect(isActive(days, 100)).toBe(active));

  test("the day of adoption is the first of those that others followed soon enough, not the first look", () => {
    expect(adoptedOn(on(10, 50, 60, 70))).toBe(50);
    expect(adoptedOn(on([10, 3], 38))).toBeUndefined();
    expect(adoptedOn(on([10, 3], 37))).toBe(10);
    expect(adoptedOn([])).toBeUndefined();
  });

  test("who left is told from who uses it less, and from who never was active", () => {
    expect(driftOf(on([60, 5], 61), 100)).toBe("left");
    expect(driftOf(on([60, 10], 61, [90, 2], 91), 100)).toBe("drifting");
    expect(driftOf(on([60, 5], 61, [90, 5], 91), 100)).toBeUndefined();
    expect(driftOf(on([90, 5], 91), 100)).toBeUndefined();
  });
});

describe("how a team came to adopt", () => {
  test.each([
    ["before any mandate was announced", 10, [mandate(11)], 0, "voluntary"],
    ["on the day of the announcement", 11, [mandate(11)], 0, "mandated"],
    ["after it, long before it is enforced", 12, [mandate(11)], 0, "mandated"],
    ["after the mandate had ended", 20, [mandate(11, 20)], 0, "voluntary"],
    ["invited only", 12, [invitation(11)], 0, "voluntary"],
    ["without a register", 10, [], undefined, "unknown"],
    ["without a register, and yet mandated by what is known", 12, [mandate(11)], undefined, "mandated"],
    ["before the register was complete", 10, [], 11, "unknown"],
  ] as const)("%s", (_, day, pushes, since, how) => expect(howAdopted(day, pushes, since)).toBe(how));

  test("by itself is: no mandate, and no invitation in the 30 days before", () => {
    expect(cameByItself(40, [])).toBe(true);
    expect(cameByItself(40, [invitation(10)])).toBe(false);
    expect(cameByItself(40, [invitation(9)])).toBe(true);
    expect(cameByItself(40, [invitation(41)])).toBe(true);
    expect(cameByItself(40, [mandate(9)])).toBe(false);
  });
});

describe("teams that became others", () => {
  const merged: TeamChange = { from: ["group:a", "group:b"], to: ["group:c"], at: 100 };
  const split: TeamChange = { from: ["group:c"], to: ["group:c", "group:d"], at: 200 };

  test("a merged team has the history of both, and a split one goes on with its own", () => {
    expect(heirsOf("group:a", 50, [merged])).toEqual(["group:c"]);
    // What is still told under the old name after the change is its heir's as well.
    expect(heirsOf("group:a", 150, [merged])).toEqual(["group:c"]);
    expect(heirsOf("group:a", 50, [merged, split])).toEqual(["group:c", "group:d"]);
    expect(heirsOf("group:c", 150, [merged, split])).toEqual(["group:c", "group:d"]);
    expect(heirsOf("group:c", 250, [merged, split])).toEqual(["group:c"]);
    expect(heirsOf("group:x", 50, [merged, split])).toEqual(["group:x"]);
  });

  test("the days of both are one day, in their order", () => {
    const rows = [
      { team: "group:b", day: 20, events: 2 },
      { team: "group:a", day: 20, events: 1 },
      { team: "group:a", day: 10, events: 1 },
    ];
    expect(byHeir(rows, [merged]).get("group:c")).toEqual(on(10, [20, 3]));
    expect(byHeir(rows, []).get("group:a")).toEqual(on(20, 10).toSorted((a, b) => a.day - b.day));
  });
});

describe("the curve that was promised", () => {
  const promised = [
    { by: "2026-01-01", share: 0 },
    { by: "2026-01-11", share: 0.5 },
  ];
  test("goes in a line between what was said, and says nothing before and after", () => {
    expect(promisedOn(dayOfText("2026-01-06"), promised)).toBeCloseTo(0.25, 12);
    expect(promisedOn(dayOfText("2026-01-11"), promised)).toBe(0.5);
    expect(promisedOn(dayOfText("2025-12-31"), promised)).toBeUndefined();
    expect(promisedOn(dayOfText("2026-01-12"), promised)).toBeUndefined();
    expect(promisedOn(1, [])).toBeUndefined();
  });

  test("days to a share are counted from the first; a share that was not reached has none, and nobody has none at all", () => {
    const teams = [5, 9, undefined, undefined].map((adopted) => ({ adopted, eligible: true }) as TeamUse);
    expect(daysToShares(teams)).toEqual([
      { share: 0.1, days: 0 },
      { share: 0.25, days: 0 },
      { share: 0.5, days: 4 },
    ]);
    expect(daysToShares([])).toEqual([{ share: 0.1 }, { share: 0.25 }, { share: 0.5 }]);
  });
});

test("a pattern means what it says: a dot is a dot, and it is whole names", () => {
  const matches = new RegExp(patternOf(["paths.path.*", "git.push"]));
  expect(["paths.path.run", "git.push"].every((name) => matches.test(name))).toBe(true);
  expect(["paths.pathXrun", "xgit.push", "git.pushed"].some((name) => matches.test(name))).toBe(false);
  expect(isCountedHere({ actions: ["paths.path.run"] })).toBe(true);
  expect(isCountedHere({ actions: ["experiment.started"] })).toBe(false);
});

test("days are the same there and back", () => {
  expect(textOfDay(dayOfText("2026-02-28") + 1)).toBe("2026-03-01");
});
