import { noticeSent } from "@roadbed/contracts/paths/notices";
import { environmentChanged } from "@roadbed/contracts/delivery/environments";
import { requestChanged } from "@roadbed/contracts/delivery/changes";
import { sourceEdited } from "@roadbed/contracts/delivery/source";
import { mirrorChanged } from "@roadbed/contracts/delivery/mirror";
import { approvalRuleChanged } from "@roadbed/contracts/paths/approval-rules";
import { approvalReminded, approvalRequested } from "@roadbed/contracts/paths/approvals";
import { expect, test } from "vitest";

import { tidingsOf } from "./what-matters.ts";

const payload = {
  runId: "run_1",
  path: "template:default/p",
  entityRef: "component:default/orders",
  recipients: ["group:default/payments"],
  title: "Look at it",
  severity: "critical",
};

test("what a run tells goes to those whom it names, as loud as it says, and leads nowhere but into Roadbed", () => {
  expect(tidingsOf({ name: noticeSent.name, payload: { ...payload, link: "/catalogue" } })).toMatchObject({
    ref: "component:default/orders",
    weight: "urgent",
    what: "is told: Look at it",
    link: "/catalogue",
    asked: ["group:default/payments"],
    ownWords: true,
  });
  expect(tidingsOf({ name: noticeSent.name, payload: { ...payload, starter: "ada" } })).toMatchObject({
    askers: ["ada"],
    toThemselves: true,
  });
  for (const link of ["https://elsewhere.example.org/", "//elsewhere.example.org", "javascript:alert(1)"])
    expect(tidingsOf({ name: noticeSent.name, payload: { ...payload, link } })?.link).toBe("/runs/run_1");
  expect(tidingsOf({ name: noticeSent.name, payload: { ...payload, severity: "low" } })?.weight).toBe("info");
});

const asks = {
  approval: "approval_1",
  runId: "run_1",
  path: "template:default/p",
  pathTitle: "A database",
  approvers: [] as string[],
  requestedByName: "Ada",
  expiresAt: "2026-01-02T03:04:05.000Z",
  because: "It is large.",
};

test("an approval that nobody known may give is asked of administrators, with the reason why of them", () => {
  const told = tidingsOf({ name: approvalRequested.name, payload: asks });
  expect(told).toMatchObject({ ref: "template:default/p", what: "waits for you to approve a run for Ada", askedWith: "paths:admin" });
  expect(told?.detail).toContain("The catalogue knows nobody else who may.");
  const reminded = tidingsOf({ name: approvalReminded.name, payload: { ...asks, entityRef: "component:default/orders" } });
  expect(reminded).toMatchObject({ ref: "component:default/orders", what: "still waits for you to approve A database for Ada" });
  const known = tidingsOf({ name: approvalRequested.name, payload: { ...asks, approvers: ["group:default/a"] } });
  expect(known).toMatchObject({ ref: "group:default/a", what: "is asked to approve A database for Ada", asked: ["group:default/a"] });
  expect(known).not.toHaveProperty("askedWith");
});

test("a rule that administrators taught is proposed to them", () => {
  const payload = {
    rule: "r",
    path: "template:default/p",
    pathTitle: "A database",
    name: "large",
    role: "administrator",
    state: "proposed",
  };
  expect(tidingsOf({ name: approvalRuleChanged.name, payload })).toMatchObject({ ref: "template:default/p", askedWith: "paths:admin" });
});

test("what ends and nobody owns, and a mirror that cannot be written, is told to administrators of delivery", () => {
  const ending = { environment: "pr-42", title: "Pull request 42", change: "ending", expiresAt: "2026-01-02T03:04:05.000Z" };
  expect(tidingsOf({ name: environmentChanged.name, payload: ending })).toMatchObject({
    ref: "environment:default/pr-42",
    what: "ends at 2026-01-02 03:04 UTC, and nobody owns it",
    askedWith: "delivery:admin",
  });
  const owned = tidingsOf({ name: environmentChanged.name, payload: { ...ending, owner: "group:default/a" } });
  expect(owned).toMatchObject({ ref: "group:default/a", what: "has an environment, Pull request 42, that ends at 2026-01-02 03:04 UTC" });
  expect(owned).not.toHaveProperty("askedWith");
  const mirror = {
    repository: "platform-delivery",
    remote: "https://git.example.org/a.git",
    change: "failing",
    detail: "It does not answer.",
  };
  expect(tidingsOf({ name: mirrorChanged.name, payload: mirror })).toMatchObject({
    askedWith: "delivery:admin",
    detail: "It does not answer.",
  });
  expect(tidingsOf({ name: mirrorChanged.name, payload: { ...mirror, change: "in-sync" } })).toBeUndefined();
});

test("a merge elsewhere that does not count is told to the owners, a host that cannot be asked to administrators", () => {
  const request = {
    changeId: "chg_1",
    place: "https://github.com/acme/platform-delivery.git",
    about: ["component:default/orders"],
    by: "ada",
    detail: "No.",
  };
  expect(tidingsOf({ name: requestChanged.name, payload: { ...request, change: "refused" } })).toMatchObject({
    ref: "component:default/orders",
    link: "/delivery/changes/chg_1",
    detail: "No.",
  });
  expect(tidingsOf({ name: requestChanged.name, payload: { ...request, about: [], change: "failing" } })).toMatchObject({
    askedWith: "delivery:admin",
  });
  expect(tidingsOf({ name: requestChanged.name, payload: { ...request, change: "opened" } })).toBeUndefined();
});

test("an edit that is refused in Git is told to whoever pushed it and to the owners, or to administrators where nobody answers for it", () => {
  const edit = { path: "workloads/prod/orders.yaml", state: "refused", outcome: "It was put back.", pushedBy: "user:ada", account: "ada" };
  const told = (more: object) => tidingsOf({ name: sourceEdited.name, payload: { ...edit, ...more } });
  expect(told({ entityRef: "component:default/orders", reasons: ["line 3: is no number."] })).toMatchObject({
    ref: "component:default/orders",
    askers: ["ada"],
    toThemselves: true,
    detail: "line 3: is no number. It was put back. It was pushed by user:ada.",
  });
  expect(told({ owner: "group:default/payments" })).toMatchObject({ ref: "group:default/payments" });
  expect(told({})).toMatchObject({ askedWith: "delivery:admin" });
  expect(told({ state: "taken" })).toBeUndefined();
});
