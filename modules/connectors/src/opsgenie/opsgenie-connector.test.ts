import { readOnCall } from "@roadbed/contracts/catalog/on-call";
import type { Found } from "@roadbed/contracts/connector";
import { afterAll, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble, type Question, type Reply } from "../lib/double.ts";
import { testFaults } from "../lib/faults.suite.ts";
import { answerAsOpsgenie } from "./opsgenie.double.suite.ts";
import { opsgenieConnector } from "./opsgenie-connector.ts";

const cel = createCel();
afterAll(() => cel.close());
const now = new Date("2026-03-10T12:00:00Z");

async function readFrom(known: readonly Found[], over: (question: Question) => Reply | undefined = () => undefined) {
  const double = await openDouble((question) => over(question) ?? answerAsOpsgenie(question));
  const find = async (asked: Parameters<ReturnType<typeof callWith>["find"]>[0]) =>
    known.filter(({ ref, annotations }) =>
      "refs" in asked ? asked.refs.includes(ref) : asked.annotations.some((name) => name in annotations),
    );
  const settings = { token: "t0ken", account: "sample", api: double.url };
  const readings = await readAll(opsgenieConnector, settings, callWith(cel, { find, now: () => now }));
  await double.close();
  return readings;
}

test("who is on call by a team's schedules is said of its services, by id, selector or name, and of what names the team", async () => {
  const readings = await readFrom([
    { ref: "component:default/orders", annotations: {} },
    { ref: "component:default/pay", annotations: { "opsgenie.com/component-selector": 'tag:"billing" AND status:open' } },
  ]);
  const about = entitiesOf(readings).map(({ match, entity }) => [
    match ? `${match.annotation}=${match.value}` : entity.metadata.name,
    readOnCall(entity.spec?.["onCall"]).length,
  ]);
  expect(about).toEqual([
    ["opsgenie.com/service-id=s1", 3],
    ["opsgenie.com/service-id=s2", 3],
    ['opsgenie.com/component-selector=tag:"billing" AND status:open', 3],
    ["orders", 3],
    ["opsgenie.com/team=Ops Team", 3],
    ["opsgenie.com/team=Idle", 0],
  ]);
  expect(entitiesOf(readings)[0]?.entity.spec?.["onCall"]).toEqual([
    {
      name: "Ada Lovelace",
      mail: "ada@example.com",
      schedule: "Primary",
      level: 1,
      since: "2026-03-10T08:00:00.000Z",
      until: "2026-03-11T08:00:00.000Z",
      source: "opsgenie",
    },
    { name: "ole@example.com", mail: "ole@example.com", schedule: "Primary", level: 1, source: "opsgenie" },
    { name: "pia@example.com", mail: "pia@example.com", schedule: "Primary", level: 2, source: "opsgenie" },
  ]);
  expect(readings.filter(({ type }) => type === "problem")).toEqual([]);
});

test("a service of nobody is told; a key that may not read people still reads who is on call", async () => {
  const readings = await readFrom([], ({ url }) => (url.pathname === "/v2/users" ? { status: 403, body: {} } : undefined));
  expect(readings.filter(({ type }) => type === "problem")).toMatchObject([
    { at: 'Opsgenie service "Orders"', mend: expect.stringContaining('opsgenie.com/service-id: "s1"') },
    { at: 'Opsgenie service "Billing"' },
  ]);
  expect(readOnCall(entitiesOf(readings)[0]?.entity.spec?.["onCall"])[0]?.name).toBe("ada@example.com");
});

test("an account without services, teams and schedules is answered as that", async () => {
  expect(await readFrom([], () => ({ body: { data: [] } }))).toEqual([]);
});

testFaults(opsgenieConnector, {
  cel,
  settings: (url) => ({ token: "t0ken", account: "sample", api: url }),
  answer: answerAsOpsgenie,
  limit: {
    reply: {
      status: 429,
      headers: { "x-ratelimit-state": "THROTTLED", "x-ratelimit-reason": "ACCOUNT", "x-ratelimit-period-in-sec": "60" },
      body: {},
    },
    seconds: 60,
  },
});
