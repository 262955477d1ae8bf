import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isTimeZone, nextTime, parseCron, timesBetween } from "./cron.ts";

const next = (cron: string, after: string, zone = "UTC"): string | undefined =>
  nextTime(parseCron(cron), new Date(after), zone)?.toISOString().replace(":00.000Z", "Z");

describe("nextTime", () => {
  test.each([
    ["* * * * *", "2027-01-01T00:00:30Z", "2027-01-01T00:01Z"],
    ["15 6 * * 1-5", "2027-01-01T06:15:00Z", "2027-01-04T06:15Z"],
    ["*/20 8-9 * * *", "2027-01-01T09:40:00Z", "2027-01-02T08:00Z"],
    ["0 0 29 2 *", "2027-01-01T00:00:00Z", "2028-02-29T00:00Z"],
    ["0 12 13 * FRI", "2027-01-02T00:00:00Z", "2027-01-08T12:00Z"],
    ["5/30 0 1 JAN,jul *", "2027-01-01T00:05:00Z", "2027-01-01T00:35Z"],
    ["@weekly", "2027-01-01T00:00:00Z", "2027-01-03T00:00Z"],
    ["0 0 * * 7", "2027-01-01T00:00:00Z", "2027-01-03T00:00Z"],
    ["0 0 30 2 *", "2027-01-01T00:00:00Z", undefined],
  ])("%s after %s is %s", (cron, after, expected) => expect(next(cron, after)).toBe(expected));

  test("keeps to the clock of its zone, in summer and in winter", () => {
    expect(next("30 7 * * *", "2027-01-10T00:00:00Z", "Europe/Berlin")).toBe("2027-01-10T06:30Z");
    expect(next("30 7 * * *", "2027-07-10T00:00:00Z", "Europe/Berlin")).toBe("2027-07-10T05:30Z");
    expect(next("0 9 * * *", "2027-07-10T00:00:00Z", "Asia/Kolkata")).toBe("2027-07-10T03:30Z");
  });

  test("a time that does not come is done when the clock jumps, one that comes twice is done once", () => {
    // On 28 March 2027 at 02:00 it becomes 03:00 in Berlin, on 31 October at 03:00 it becomes 02:00.
    expect(next("30 2 * * *", "2027-03-27T12:00:00Z", "Europe/Berlin")).toBe("2027-03-28T01:00Z");
    expect(next("30 2 * * *", "2027-03-28T01:00:00Z", "Europe/Berlin")).toBe("2027-03-29T00:30Z");
    expect(next("30 2 * * *", "2027-10-30T12:00:00Z", "Europe/Berlin")).toBe("2027-10-31T00:30Z");
    expect(next("30 2 * * *", "2027-10-31T00:30:00Z", "Europe/Berlin")).toBe("2027-11-01T01:30Z");
    // What runs each half hour runs each half hour, whatever the clocks show.
    expect(
      timesBetween(parseCron("*/30 * * * *"), new Date("2027-10-31T00:00:00Z"), new Date("2027-10-31T03:00:00Z"), "Europe/Berlin").count,
    ).toBe(6);
  });

  test("may be decades away, and a day that never comes is said soon", () => {
    // Sundays that are a 1st of March: a step of days of the week narrows the day of the month, as cron has it.
    expect(next("0 0 1 3 */7", "2026-03-01T00:00:00Z")).toBe("2037-03-01T00:00Z");
    expect(next("0 0 29 2 */7", "2088-03-01T00:00:00Z")).toBe("2128-02-29T00:00Z");
    expect(nextTime(parseCron("0 0 30 2 *"), new Date("2026-03-01T00:00:00Z"), "Europe/Berlin")).toBeUndefined();
  });

  test("is after what it is asked for, and nothing in between fits", () => {
    const field = (least: number, most: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constant("*"),
        fc.integer({ min: least, max: most }).map(String),
        fc.integer({ min: 2, max: 20 }).map((n) => `*/${n}`),
        fc
          .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
          .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      );
    fc.assert(
      fc.property(
        fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)),
        fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2028, 0) }),
        (fields, at) => {
          const cron = parseCron(fields.join(" "));
          const found = nextTime(cron, new Date(at), "UTC")!;
          expect(found.getTime()).toBeGreaterThan(at);
          const fits = (time: Date): boolean => {
            const [day, weekday] = [cron.days.has(time.getUTCDate()), cron.weekdays.has(time.getUTCDay())];
            return (
              cron.minutes.has(time.getUTCMinutes()) &&
              cron.hours.has(time.getUTCHours()) &&
              cron.months.has(time.getUTCMonth() + 1) &&
              (cron.eitherDay ? day || weekday : day && weekday)
            );
          };
          expect(fits(found)).toBe(true);
          const begin = Math.max(Math.floor(at / 60_000) * 60_000 + 60_000, found.getTime() - 3 * 86_400_000);
          for (let time = begin; time < found.getTime(); time += 60_000)
            if (fits(new Date(time))) throw new Error(`missed ${new Date(time).toISOString()}`);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test.each([
  ["* * * *", /four|4 fields/],
  ["60 * * * *", /"60" is no minute/],
  ["* 5-2 * * *", /"5-2" is no hour/],
  ["*/0 * * * *", /is no minute/],
  ["* * 0 * *", /day of the month/],
  ["* * * foo *", /"foo" is no month/],
  ["*-5 * * * *", /is no minute/],
])("%s is no schedule", (text, reason) => expect(() => parseCron(text)).toThrow(reason));

test("a zone is known or not", () => {
  expect([isTimeZone("Europe/Berlin"), isTimeZone("UTC"), isTimeZone("Mars/Olympus")]).toEqual([true, true, false]);
});
