import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { daysLeft, dueReminder, isReached, openIn } from "./progress.ts";

describe("days", () => {
  test.each([
    ["2026-06-10T00:00:00Z", 0],
    ["2026-06-10T23:59:59Z", 0],
    ["2026-06-11T00:00:00Z", -1],
    ["2026-06-09T12:00:00Z", 1],
    ["2026-06-03T00:00:00Z", 7],
  ])("at %s there are %i left until 10 June", (at, left) => {
    expect(daysLeft("2026-06-10", Date.parse(at))).toBe(left);
  });
});

describe("reminders", () => {
  test.each<[string, number[], number[], number, number | undefined]>([
    ["not yet", [14, 7, 1], [], 15, undefined],
    ["on the day", [14, 7, 1], [], 14, 14],
    ["once", [14, 7, 1], [14], 13, undefined],
    ["the next", [14, 7, 1], [14], 7, 7],
    ["of what was missed the last", [14, 7, 1], [], 3, 7],
    ["not after the end", [1], [], -1, undefined],
  ])("%s", (_what, days, reminded, left, due) => {
    expect(dueReminder(days, reminded, left)).toBe(due);
  });

  test("each is sent at most once, however often it is looked", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30), { maxLength: 5 }), fc.array(fc.nat(30)), (days, looks) => {
        let reminded: number[] = [];
        const sent: number[] = [];
        for (const left of looks.sort((a, b) => b - a)) {
          const due = dueReminder(days, reminded, left);
          if (due === undefined) continue;
          sent.push(due);
          reminded = days.filter((one) => one >= left);
        }
        expect(new Set(sent).size).toBe(sent.length);
      }),
    );
  });
});

test("a goal is reached by counting, not by what a fraction comes to; of nothing no goal is reached", () => {
  expect(isReached({ things: 10, done: 9 }, 0.9)).toBe(true);
  expect(isReached({ things: 10, done: 8 }, 0.9)).toBe(false);
  expect(isReached({ things: 0, done: 0 }, 0.5)).toBe(false);
});

test("what fails and what is unknown is open; what is waived or not asked is not", () => {
  expect(openIn("pfuwn", [0, 1, 2, 3, 4])).toEqual([1, 2]);
  expect(openIn("pfuwn", [0, 3])).toEqual([]);
});
