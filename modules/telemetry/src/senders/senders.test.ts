import { DEFAULT_LIMITS } from "@roadbed/contracts/telemetry/senders";
import { InvalidError } from "@roadbed/core";
import { quietLog } from "@roadbed/testkit";
import { describe, expect, test } from "vitest";

import { createAllowance } from "./allowance.ts";
import { createSenders } from "./create-senders.ts";
import { createLabelGuard, type CappedLabel } from "./label-guard.ts";
import { kindOf } from "./tally.ts";

describe("an allowance", () => {
  test("gives a minute's worth at once, then only what comes with time, and says how long", () => {
    const allowance = createAllowance(60, 0);
    allowance.use(60, 0);
    expect(allowance.wait(0)).toBe(1);
    expect(allowance.wait(1_000)).toBe(0);
    allowance.use(31, 1_000);
    expect(allowance.wait(1_000)).toBe(30);
    expect(allowance.wait(20_000)).toBe(11);
    expect(allowance.wait(32_000)).toBe(0);
  });

  test("never saves up more than a minute, nor suffers from a clock that is set back", () => {
    const allowance = createAllowance(10, 1_000_000);
    allowance.use(5, 0);
    expect(allowance.wait(0)).toBe(0);
    allowance.use(15, 86_400_000);
    expect(allowance.wait(86_400_000)).toBe(30);
  });

  test("keeps a debt when the limit is changed", () => {
    const allowance = createAllowance(100, 0);
    allowance.use(130, 0);
    allowance.limit(60);
    expect(allowance.wait(0)).toBe(30);
  });
});

describe("the guard of labels", () => {
  const capped: CappedLabel[] = [];
  const guardOf = (mostValues: number, now = () => 0) =>
    createLabelGuard({ mostValues: () => mostValues, now, capped: (label) => capped.push(label) });

  test("refuses values beyond the limit with the label's name, and goes on taking those that it knows", () => {
    const guard = guardOf(2);
    for (const user of ["a", "b"])
      expect(
        guard.refuses("requests", [
          ["user", user],
          ["route", "/"],
        ]),
      ).toBeUndefined();
    expect(
      guard.refuses("requests", [
        ["user", "c"],
        ["route", "/new"],
      ]),
    ).toContain("label user of metric requests has more than 2 values");
    expect(capped).toEqual([{ metric: "requests", label: "user", example: "c" }]);
    expect(
      guard.refuses("requests", [
        ["user", "a"],
        ["route", "/x"],
      ]),
    ).toBeUndefined();
    expect(guard.refuses("others", [["user", "c"]])).toBeUndefined();
  });

  test("what was refused takes no place of another label", () => {
    const guard = guardOf(1);
    guard.refuses("m", [["user", "a"]]);
    expect(
      guard.refuses("m", [
        ["route", "/1"],
        ["user", "b"],
      ]),
    ).toBeDefined();
    expect(
      guard.refuses("m", [
        ["route", "/2"],
        ["user", "a"],
      ]),
    ).toBeUndefined();
  });

  test("begins anew after an hour, and holds for services too", () => {
    let now = 0;
    const guard = guardOf(1, () => now);
    guard.refuses("m", [["k", "a"]]);
    for (let i = 0; i < 1_000; i++) expect(guard.refusesService(`s${i}`)).toBeUndefined();
    expect(guard.refusesService("s1000")).toContain("service.name");
    expect(guard.refusesService("s7")).toBeUndefined();
    now = 3_600_000;
    expect(guard.refuses("m", [["k", "b"]])).toBeUndefined();
    expect(guard.refusesService("s1000")).toBeUndefined();
  });

  test("is bounded however many labels there are", () => {
    const guard = guardOf(1_000_000);
    let refused = 0;
    for (let i = 0; i < 200_010; i++) if (guard.refuses("m", [["k", `v${i}`]]) !== undefined) refused++;
    expect(refused).toBe(10);
  });
});

describe("senders", () => {
  const one = { id: "service:1", name: "one" };
  const sendersAt = (now: () => number, mostUnderWay?: number) => createSenders({ db: undefined, log: quietLog, now, mostUnderWay });

  test("a sender beyond its megabytes is told when to come back; the others are not", () => {
    let now = 0;
    const senders = sendersAt(() => now);
    const request = senders.admit(one, 10);
    request.unpacked(DEFAULT_LIMITS.megabytesPerMinute * 1024 * 1024 + 1);
    request.done({ rows: 1, rejected: 0, reason: undefined });
    expect(() => senders.admit(one, 10)).toThrow(expect.objectContaining({ code: "TOO_MANY", retryAfterSeconds: 1 }));
    senders.admit({ id: "service:2", name: "two" }, 10).done({ error: new InvalidError("no") });
    now = 1_000;
    senders.admit(one, 10).done({ rows: DEFAULT_LIMITS.rowsPerMinute * 2, rejected: 0, reason: undefined });
    expect(() => senders.admit(one, 10)).toThrow(/rows a minute/);
  });

  test("no sender takes all the memory; one request is always let in", () => {
    const senders = sendersAt(() => 0, 100);
    const large = senders.admit(one, 500);
    expect(() => senders.admit(one, 1)).toThrow(expect.objectContaining({ code: "TOO_MANY" }));
    large.unpacked(40);
    senders.admit(one, 60);
    expect(() => senders.admit(one, 1)).toThrow(expect.objectContaining({ code: "TOO_MANY" }));
    large.done({ error: new Error("gone") });
    expect(() => senders.admit(one, 40)).not.toThrow();
  });

  test("reasons that differ in times and numbers only are one", () => {
    const reason = (time: string) => `a time (${time}) is before ${time}, the end of the retention`;
    expect(kindOf(reason("2016-01-01T00:00:00.000Z"))).toBe(kindOf(reason("2015-02-01T00:00:01.000Z")));
    expect(kindOf("label a of metric b has more than 5 values")).not.toBe(kindOf("label c of metric b has more than 5 values"));
  });
});
