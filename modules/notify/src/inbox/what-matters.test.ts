import { noticeSent } from "@roadbed/contracts/paths/notices";
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
