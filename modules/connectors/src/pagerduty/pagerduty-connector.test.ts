import { createHmac } from "node:crypto";

import { readOnCall } from "@roadbed/contracts/catalog/on-call";
import type { Found } from "@roadbed/contracts/connector";
import { afterAll, expect, test } from "vitest";

import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { openDouble } from "../lib/double.ts";
import { testFaults } from "../lib/faults.suite.ts";
import { pagerdutyConnector } from "./pagerduty-connector.ts";
import { answerAsPagerDuty, type PagerDutyAccount } from "./pagerduty.double.suite.ts";

const cel = createCel();
afterAll(() => cel.close());

const now = new Date("2026-03-10T12:00:00Z");
const account = (): PagerDutyAccount => ({
  services: [
    { id: "P1", name: "Orders", policy: "E1" },
    { id: "P2", name: "Billing", policy: "E2", keys: ["k2"] },
    { id: "P3", name: "search", policy: "E2" },
    { id: "P4", name: "Forgotten", policy: "E3" },
  ],
  onCalls: [
    { policy: "E1", level: 2, name: "Ole Olsen" },
    { policy: "E1", level: 1, name: "Ada Lovelace", schedule: "Primary", start: "2026-03-10T08:00:00Z", end: "2026-03-11T09:00:00+01:00" },
    { policy: "E1", level: 1, name: "Pia Past", schedule: "Primary", start: "2026-03-09T08:00:00Z", end: "2026-03-10T08:00:00Z" },
    { policy: "E2", level: 1, name: "Bo Berg" },
  ],
});

async function readFrom(world: PagerDutyAccount, known: readonly Found[] = [], settings: object = {}) {
  const double = await openDouble((question) => answerAsPagerDuty(world, question));
  const find = async (asked: Parameters<ReturnType<typeof callWith>["find"]>[0]) =>
    known.filter(({ ref, annotations }) =>
      "refs" in asked ? asked.refs.includes(ref) : asked.annotations.some((name) => name in annotations),
    );
  const readings = await readAll(
    pagerdutyConnector,
    { token: "t0ken", api: double.url, ...settings },
    callWith(cel, { find, now: () => now }),
  );
  await double.close();
  return { readings, asked: double.asked };
}

test("who is on call now is said of what carries the service's id or key, by name where neither is written, and told otherwise", async () => {
  const { readings } = await readFrom(account(), [
    { ref: "component:default/orders", annotations: { "pagerduty.com/service-id": "P1" } },
    { ref: "component:default/pay", annotations: { "pagerduty.com/integration-key": "k2" } },
    { ref: "component:default/search", annotations: {} },
    { ref: "component:default/forgotten", annotations: { "pagerduty.com/service-id": "P9" } },
  ]);
  const said = entitiesOf(readings).map(({ match, entity, rule }) => ({
    about: match ? `${match.annotation}=${match.value}` : entity.metadata.name,
    names: readOnCall(entity.spec?.["onCall"]).map(({ name }) => name),
    ...(rule === undefined ? {} : { rule }),
  }));
  expect(said).toEqual([
    { about: "pagerduty.com/service-id=P1", names: ["Ada Lovelace", "Ole Olsen"] },
    { about: "pagerduty.com/service-id=P2", names: ["Bo Berg"] },
    { about: "pagerduty.com/integration-key=k2", names: ["Bo Berg"] },
    { about: "pagerduty.com/service-id=P3", names: ["Bo Berg"] },
    { about: "pagerduty.com/service-id=P4", names: [] },
    { about: "search", names: ["Bo Berg"], rule: "the PagerDuty service is called the same" },
  ]);
  expect(entitiesOf(readings)[0]?.entity.spec).toEqual({
    onCall: [
      {
        name: "Ada Lovelace",
        mail: "ada@example.com",
        schedule: "Primary",
        level: 1,
        since: "2026-03-10T08:00:00.000Z",
        until: "2026-03-11T08:00:00.000Z",
        source: "pagerduty",
        url: "https://sample.pagerduty.com/users/U1",
      },
      {
        name: "Ole Olsen",
        mail: "ole@example.com",
        schedule: "Policy E1",
        level: 2,
        source: "pagerduty",
        url: "https://sample.pagerduty.com/users/U1",
      },
    ],
  });
  expect(readings.filter(({ type }) => type === "problem")).toEqual([
    {
      type: "problem",
      at: 'PagerDuty service "Forgotten"',
      reason: "belongs to nothing in the catalogue",
      mend: expect.stringContaining('pagerduty.com/service-id: "P4"'),
    },
  ]);
  expect(readings.at(-1)).toMatchObject({ type: "budget", remaining: 950, limit: 960 });
});

test("all pages are read, and on-calls only of policies in use", async () => {
  const services = Array.from({ length: 250 }, (_, n) => ({ id: `P${n}`, name: `s${n}`, policy: `E${n % 30}` }));
  const onCalls = Array.from({ length: 260 }, (_, n) => ({ policy: `E${n % 2}`, level: 1, name: `Person ${n}` }));
  const { readings, asked } = await readFrom({ services, onCalls }, [], { tellUnplaced: false, teams: ["PTEAM1"] });
  expect(entitiesOf(readings)).toHaveLength(250);
  expect(readOnCall(entitiesOf(readings)[0]?.entity.spec?.["onCall"])).toHaveLength(130);
  expect(asked.filter(({ url }) => url.pathname === "/services").map(({ url }) => url.searchParams.get("offset"))).toEqual([
    "0",
    "100",
    "200",
  ]);
  expect(asked[0]?.url.searchParams.getAll("team_ids[]")).toEqual(["PTEAM1"]);
  expect(asked.filter(({ url }) => url.pathname === "/oncalls").length).toBeGreaterThan(2);
});

test("an account without services is answered as that", async () => {
  expect(entitiesOf((await readFrom({ services: [], onCalls: [] })).readings)).toEqual([]);
});

testFaults(pagerdutyConnector, {
  cel,
  settings: (url) => ({ token: "t0ken", api: url }),
  answer: (question) => answerAsPagerDuty(account(), question),
  limit: {
    reply: { status: 429, headers: { "ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": "23" } },
    seconds: 23,
  },
});

test("a signed message of a service asks for a reading, one of an incident for nothing; a forged one is refused", async () => {
  const settings = pagerdutyConnector.settings.parse({ token: "t0ken" });
  const message = (type: string) => ({
    event: {
      id: "01BYUD",
      event_type: type,
      resource_type: type.split(".")[0],
      occurred_at: "2026-03-10T12:00:00.000Z",
      data: { id: "P1" },
    },
  });
  const receive = (value: unknown, sign = (body: Buffer) => `v1=${createHmac("sha256", "s3cret").update(body).digest("hex")}`) => {
    const body = Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
    const headers = { "x-pagerduty-signature": sign(body) };
    return pagerdutyConnector.receive!(settings, { headers, body, secret: "s3cret" }, callWith(cel));
  };
  expect(await receive(message("service.updated"))).toEqual({ deliveryId: "01BYUD", at: now, resync: true });
  expect(await receive(message("incident.triggered"))).toMatchObject({ resync: false });
  const both = (body: Buffer) => `v1=00,v1=${createHmac("sha256", "s3cret").update(body).digest("hex")}`;
  expect(await receive(message("service.deleted"), both)).toMatchObject({ resync: true });
  await expect(receive(message("service.updated"), () => "v1=00")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(receive(message("service.updated"), () => "")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(receive({ messages: [] })).rejects.toMatchObject({ code: "INVALID" });
  const other = pagerdutyConnector.settings.parse({ token: "t0ken", webhookSecret: "of-pagerduty" });
  const body = Buffer.from(JSON.stringify(message("service.updated")));
  const signature = `v1=${createHmac("sha256", "of-pagerduty").update(body).digest("hex")}`;
  const request = { headers: { "x-pagerduty-signature": signature }, body, secret: "s3cret" };
  expect(await pagerdutyConnector.receive!(other, request, callWith(cel))).toMatchObject({ resync: true });
  await expect(receive("no json")).rejects.toMatchObject({ code: "INVALID" });
});
