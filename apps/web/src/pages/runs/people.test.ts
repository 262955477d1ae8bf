import type { Approval } from "@roadbed/contracts/paths";
import { expect, test } from "vitest";

import { peoplesPart } from "./people.ts";

const approval = (more: Partial<Approval>): Approval => ({
  id: "a",
  runId: "r",
  path: "template:default/p",
  pathTitle: "P",
  rule: "platform",
  because: "it costs",
  approvers: [],
  count: 1,
  requestedBy: "user:ada",
  requestedByName: "Ada",
  state: "granted",
  digest: "d",
  askedAt: "2026-03-01T10:00:00.000Z",
  expiresAt: "2026-03-08T10:00:00.000Z",
  votes: [],
  mayDecide: false,
  ...more,
});
const vote = (name: string, at: string): Approval["votes"][number] => ({ by: `user:${name}`, name, verdict: "granted", as: "owner", at });

test("waits that overlap are one, and each person is named once", () => {
  const part = peoplesPart([
    approval({
      decidedAt: "2026-03-01T12:00:00.000Z",
      votes: [vote("Ben", "2026-03-01T12:00:00.000Z"), vote("Eve", "2026-03-01T11:00:00.000Z")],
    }),
    approval({ decidedAt: "2026-03-01T11:30:00.000Z", votes: [vote("Ben", "2026-03-01T11:30:00.000Z")] }),
  ]);
  expect(part).toEqual({ waitedMs: 2 * 3_600_000, deciders: ["Eve", "Ben"] });
});

test("nobody was waited for: no approvals, learned rules only, or none decided yet", () => {
  expect(peoplesPart(undefined)).toBeUndefined();
  expect(peoplesPart([approval({ automatic: "rule_1", decidedAt: "2026-03-01T10:00:00.000Z" })])).toBeUndefined();
  expect(peoplesPart([approval({ state: "waiting" })])).toBeUndefined();
});
