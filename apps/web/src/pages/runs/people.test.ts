import type { WaitForPeople } from "@roadbed/contracts/paths/waits";
import { expect, test } from "vitest";

import { waitWords } from "./people.ts";

const wait = (over: Partial<WaitForPeople>): WaitForPeople => ({
  reason: "approval",
  what: "owner",
  since: "2026-03-01T10:00:00.000Z",
  until: "2026-03-01T12:00:00.000Z",
  minutes: 120,
  by: [{ actor: "user:ben", name: "Ben" }],
  ...over,
});

test("how long, for what and for whom, each person once", () => {
  const input = wait({ reason: "input", by: [{ actor: "user:ben", name: "Ben" }] });
  expect(waitWords({ humanMinutes: 120, waits: [wait({}), input] })).toBe("2\u202fh for an approval and somebody to have it go on (Ben)");
});

test("one that waits still says so", () => {
  const { until: _none, ...open } = wait({ by: [] });
  expect(waitWords({ humanMinutes: 1, waits: [open] })).toBe("1\u202fmin for an approval, and it waits still");
});

test("nobody was waited for, or it is not known", () => {
  expect(waitWords({ humanMinutes: 0, waits: [] })).toBeUndefined();
  expect(waitWords({ waits: [wait({})] })).toBeUndefined();
});
