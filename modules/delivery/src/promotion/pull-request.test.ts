import type { Gate } from "@roadbed/contracts/delivery/promotions";
import { expect, test } from "vitest";

import { environmentOf, nextBranchOf } from "../gitops/gitops-repository.ts";
import { bodyOf, isReady } from "./pull-request.ts";

const gate = (name: string, verdict: Gate["verdict"], over: Partial<Gate> = {}): Gate => ({
  name,
  title: name,
  verdict,
  why: "Because.",
  evidence: [],
  ...over,
});

test("a promotion is proposed when everything lets it through but what merging it answers", () => {
  expect(isReady([])).toBe(false);
  expect(isReady([gate("policies", "passed"), gate("approvals", "waiting"), gate("pull-request", "waiting")])).toBe(true);
  expect(isReady([gate("policies", "blocked"), gate("approvals", "passed")])).toBe(false);
  expect(isReady([gate("policies", "unknown")])).toBe(false);
  expect(isReady([gate("freeze", "waiting", { overridden: { by: "user:ada", at: "2026-01-01T00:00:00Z", reason: "It has to." } })])).toBe(
    true,
  );
});

test("the body says what comes instead of what, who asked, why, and what every gate said", () => {
  const row = {
    entity_ref: "component:default/orders",
    number: 12,
    title: "Faster totals",
    from_number: 9,
    reason: "Totals are slow.",
    hotfix: true,
    requested_by: "user:ada",
    gates: [gate("policies", "passed"), gate("approvals", "waiting")],
  };
  const body = bodyOf({ name: "prod", title: "Production" }, [row]);
  expect(body).toContain(
    "component:default/orders: release 12 (Faster totals) instead of release 9, asked for by user:ada as a hotfix: Totals are slow.",
  );
  expect(body).toContain("- policies: passed. Because.");
  expect(body).not.toContain("approvals: waiting");
  expect(body).toContain("Merging it is your approval: its release goes to Production then.");
});

test("the branch of what is proposed names its environment", () => {
  expect(nextBranchOf("prod", "orders")).toBe("env/prod-next/orders");
  expect(environmentOf("env/prod-next/orders")).toEqual({ environment: "prod", proposed: true });
  expect(environmentOf("env/pr-42")).toEqual({ environment: "pr-42", proposed: false });
  expect(environmentOf("env/next")).toEqual({ environment: "next", proposed: false });
  expect(environmentOf("main")).toBeUndefined();
});
