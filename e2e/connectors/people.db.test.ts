import { createHmac } from "node:crypto";

import { deleteSource, getEntity, getSource, importSource, listEntities, syncSource } from "@roadbed/contracts/catalog";
import { allowHost, createSource, rotateHook, testSource, updateSource } from "@roadbed/contracts/catalog/connections";
import { listFacts } from "@roadbed/contracts/catalog/facts";
import { onCallAt, readOnCall } from "@roadbed/contracts/catalog/on-call";
import { getOnCall } from "@roadbed/contracts/catalog/ownership";
import { hasLeft } from "@roadbed/contracts/catalog/people";
import { createAddressGuard } from "@roadbed/http";
import { eventually } from "@roadbed/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

import { component, useWorld } from "../../modules/catalog/src/world.suite.ts";
import { connectors } from "../../modules/connectors/src/index.ts";
import { answerAsJira } from "../../modules/connectors/src/jira/jira.double.suite.ts";
import { openLdapDouble } from "../../modules/connectors/src/ldap/ldap.double.suite.ts";
import { openDouble, type Double } from "../../modules/connectors/src/lib/double.ts";
import { answerAsLinear } from "../../modules/connectors/src/linear/linear.double.suite.ts";
import { answerAsOpsgenie } from "../../modules/connectors/src/opsgenie/opsgenie.double.suite.ts";
import { answerAsPagerDuty, type PagerDutyAccount } from "../../modules/connectors/src/pagerduty/pagerduty.double.suite.ts";
import { answerAsScim, type ScimDirectory } from "../../modules/connectors/src/scim/scim.double.suite.ts";

const world = useWorld();
const { ask, put, refs } = world;

let double: Double | undefined;
beforeEach(async () => {
  await world.catalog.stop();
  world.catalog = world.open({ connectors, outbound: () => fetch, tickMs: 50 });
});
afterEach(() => double?.close());

test("PagerDuty: tested, read, followed by webhooks; who is on call stands with the component that names the service", async () => {
  const annotated = (name: string, id: string) =>
    component(name).replace(`  name: ${name}\n`, `  name: ${name}\n  annotations: { pagerduty.com/service-id: ${id} }\n`);
  await put("orders.yaml", annotated("orders", "P1"));
  await put("billing.yaml", component("billing"));
  await ask(importSource, { target: world.folder });
  const account: PagerDutyAccount = {
    services: [
      { id: "P1", name: "Order intake", policy: "E1" },
      { id: "P2", name: "Billing", policy: "E2" },
      { id: "P3", name: "Forgotten", policy: "E2" },
    ],
    onCalls: [
      { policy: "E1", level: 1, name: "Ada Lovelace", schedule: "Primary" },
      { policy: "E2", level: 1, name: "Ole Olsen" },
    ],
  };
  double = await openDouble((question) => answerAsPagerDuty(account, question));
  const settings = { token: "t0ken", api: double.url };
  const tested = await ask(testSource, { connector: "pagerduty", settings });
  expect(tested.problems).toMatchObject([
    { file: 'PagerDuty service "Forgotten"', mend: expect.stringContaining("pagerduty.com/service-id") },
  ]);
  await expect(ask(testSource, { connector: "pagerduty", settings: { ...settings, token: "wrong" } })).rejects.toMatchObject({
    code: "INVALID",
  });

  const { source } = await ask(createSource, { connector: "pagerduty", settings });
  const names = async (name: string) => {
    const { entity } = await ask(getEntity, { ref: `component:default/${name}` });
    return onCallAt(readOnCall(entity.spec?.["onCall"]), new Date()).map((one) => `${one.level} ${one.name} <${one.mail}>`);
  };
  expect(await names("orders")).toEqual(["1 Ada Lovelace <ada@example.com>"]);
  expect(await names("billing")).toEqual(["1 Ole Olsen <ole@example.com>"]);
  expect(JSON.stringify(await ask(getSource, { id: source.id }))).not.toContain("t0ken");

  // A new service and a shift that ended: the webhook brings them.
  account.services[2] = { id: "P3", name: "Search", policy: "E1" };
  account.onCalls[0] = { policy: "E1", level: 1, name: "Pia Pedersen" };
  await put("search.yaml", annotated("search", "P3"));
  await ask(importSource, { target: world.folder });
  const { secret } = await ask(rotateHook, { id: source.id });
  const body = Buffer.from(
    JSON.stringify({ event: { id: "e1", event_type: "service.created", resource_type: "service", occurred_at: new Date() } }),
  );
  const send = (signature: string) => world.catalog.receiveHook(source.id, { headers: { "x-pagerduty-signature": signature }, body });
  await expect(send(`v1=${"0".repeat(64)}`)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  const signature = `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;
  expect(await send(signature)).toMatchObject({ outcome: "scheduled" });
  expect(await send(signature)).toMatchObject({ outcome: "duplicate" });
  await eventually(async () => expect(await names("search")).toEqual(["1 Pia Pedersen <pia@example.com>"]));
  expect(await names("orders")).toEqual(["1 Pia Pedersen <pia@example.com>"]);
});

test("an identity provider: whoever leaves is marked and keeps what they own, and nothing is deleted", async () => {
  await put("tool.yaml", component("tool").replace("owner: team-a", "owner: user:default/ole"));
  await ask(importSource, { target: world.folder });
  const directory: ScimDirectory = {
    users: [
      { id: "u1", userName: "ada@example.com", displayName: "Ada Lovelace" },
      { id: "u2", userName: "ole@example.com", displayName: "Ole Olsen" },
      { id: "u3", userName: "pia@example.com", displayName: "Pia Pedersen" },
    ],
    groups: [
      { id: "g1", displayName: "Platform", members: [{ value: "u1" }, { value: "u2" }, { value: "u3" }, { value: "g2", type: "Group" }] },
      { id: "g2", displayName: "Storage", members: [] },
    ],
  };
  double = await openDouble((question) => answerAsScim(directory, question));
  const settings = { url: `${double.url}/scim/v2`, token: "t0ken" };
  expect((await ask(testSource, { connector: "scim", settings })).counts).toMatchObject({ registered: 5 });
  const { source } = await ask(createSource, { connector: "scim", settings });
  const everybody = ["group:default/platform", "group:default/storage", "user:default/ada", "user:default/ole", "user:default/pia"];
  const people = async () => (await refs()).filter((ref) => !ref.startsWith("component:")).sort();
  expect(await people()).toEqual(everybody);
  const storage = await ask(getEntity, { ref: "group:default/storage" });
  expect(storage.neighbours).toMatchObject([{ ref: "group:default/platform" }]);

  // One is switched off, one is deleted there.
  directory.users[1]!.active = false;
  directory.users.pop();
  expect((await ask(syncSource, { id: source.id })).source).toMatchObject({ state: "ok", entities: 5 });
  expect(await people()).toEqual(everybody);
  for (const name of ["ole", "pia"]) {
    const { entity } = await ask(getEntity, { ref: `user:default/${name}` });
    expect(hasLeft(entity)).toBe(true);
    expect(entity.spec?.["memberOf"]).toEqual([]);
  }
  expect((await ask(getEntity, { ref: "user:default/ole" })).neighbours.map(({ ref }) => ref)).toContain("component:default/tool");
  expect(hasLeft((await ask(getEntity, { ref: "user:default/ada" })).entity)).toBe(false);
  expect((await ask(listEntities, { filter: "metadata.annotations.roadbed.dev/active=false" })).items).toHaveLength(2);

  // A test says what a run would do: whoever left long ago, or just now, is not told as removed.
  directory.users.shift();
  const { counts, removed } = await ask(testSource, { id: source.id });
  expect(removed).toEqual([]);
  expect(counts).toMatchObject({ removed: 0, changed: 1 });
});

test("a directory in a private network is not spoken to before an administrator allows it", async () => {
  await world.catalog.stop();
  world.catalog = world.open({ connectors, outbound: () => fetch, outboundAddress: (isAllowed) => createAddressGuard({ isAllowed }) });
  const ada = { objectClass: "inetOrgPerson", uid: "ada", cn: "Ada", entryUUID: "1" };
  const directory = await openLdapDouble([
    { dn: "dc=example,dc=com", attributes: { objectClass: "domain" } },
    { dn: "uid=ada,dc=example,dc=com", attributes: ada },
  ]);
  const settings = {
    url: directory.url,
    flavour: "openldap",
    baseDn: "dc=example,dc=com",
    bindDn: "cn=reader",
    password: "pw",
    startTls: false,
  };
  await expect(ask(testSource, { connector: "ldap", settings })).rejects.toMatchObject({
    code: "FORBIDDEN",
    mend: expect.stringContaining("roadbed host allow"),
  });
  expect(directory.asked).toEqual([]);
  await ask(allowHost, { host: new URL(directory.url).host });
  const { source } = await ask(createSource, { connector: "ldap", settings });
  expect(await refs()).toEqual(["user:default/ada"]);
  expect(JSON.stringify(await ask(getSource, { id: source.id }))).not.toContain('"pw"');
  await directory.close();
});

const tested = async (connector: string, settings: object) => {
  await expect(ask(testSource, { connector, settings: { ...settings, token: "wrong" } })).rejects.toMatchObject({ code: "INVALID" });
  const { counts, problems } = await ask(testSource, { connector, settings });
  expect(counts).toMatchObject({ removed: 0, failed: problems.length });
};

test("Opsgenie and PagerDuty say who is on call for the same thing: both stand there, each with its source, and one may go again", async () => {
  const named = component("orders").replace(
    "  name: orders\n",
    "  name: orders\n  annotations: { opsgenie.com/service-id: s1, pagerduty.com/service-id: P1 }\n",
  );
  await put("orders.yaml", named);
  await ask(importSource, { target: world.folder });
  double = await openDouble(answerAsOpsgenie);
  const genie = { token: "t0ken", account: "acme", api: double.url };
  await tested("opsgenie", genie);
  const { source } = await ask(createSource, { connector: "opsgenie", settings: genie });
  expect(source).toMatchObject({ state: "partial", everyMinutes: 10 });
  const account: PagerDutyAccount = {
    services: [{ id: "P1", name: "Order intake", policy: "E1" }],
    onCalls: [{ policy: "E1", level: 1, name: "Pia Pedersen" }],
  };
  const pager = await openDouble((question) => answerAsPagerDuty(account, question));
  await ask(createSource, { connector: "pagerduty", settings: { token: "t0ken", api: pager.url } });
  const ref = "component:default/orders";
  const shifts = async () => readOnCall((await ask(getEntity, { ref })).entity.spec?.["onCall"]);
  expect([...new Set((await shifts()).map((one) => String(one.source)))].sort()).toEqual(["opsgenie", "pagerduty"]);
  const [fact] = (await ask(listFacts, { ref, property: "spec.onCall" })).items;
  expect(fact!.parts!.map((one) => one.source).sort()).toEqual([expect.stringContaining("Opsgenie"), expect.stringContaining("PagerDuty")]);
  expect(fact!.losing).toEqual([]);
  expect((await ask(getOnCall, { ref })).now.map((one) => one.source)).toContain("pagerduty");

  // The schedule reads it again; what it says no more goes, and what the other says stays.
  await ask(updateSource, { id: source.id, everyMinutes: 1 });
  await ask(deleteSource, { id: source.id });
  expect((await shifts()).map((one) => one.source)).toEqual(["pagerduty"]);
  await pager.close();
});

test("Jira and Linear say where work on the same thing is tracked: both stand there, are read again, and can be taken back", async () => {
  const named = component("orders").replace(
    "  name: orders\n",
    "  name: orders\n  annotations: { jira/project-key: ORD, linear.app/project-id: slug0 }\n",
  );
  await put("orders.yaml", named);
  await ask(importSource, { target: world.folder });
  double = await openDouble(answerAsJira);
  const jira = { url: double.url, user: "reader@example.com", token: "t0ken", tellUnplaced: false };
  await tested("jira", jira);
  const { source } = await ask(createSource, { connector: "jira", settings: jira });
  expect(source).toMatchObject({ state: "ok", everyMinutes: 60 });
  expect(JSON.stringify(await ask(getSource, { id: source.id }))).not.toContain("t0ken");
  const other = await openDouble(answerAsLinear);
  const linear = { workspace: "sample", token: "t0ken", api: other.url, tellUnplaced: false };
  await tested("linear", linear);
  const second = await ask(createSource, { connector: "linear", settings: linear });
  const trackers = async () => {
    const { entity } = await ask(getEntity, { ref: "component:default/orders" });
    return ((entity.spec?.["tracker"] ?? []) as { source: string; key: string }[])
      .map(({ source: system, key }) => `${system} ${key}`)
      .sort();
  };
  expect(await trackers()).toEqual(["jira ORD", expect.stringMatching(/^linear /)]);
  // Nothing is different at the next reading, and the history says so.
  expect((await ask(syncSource, { id: source.id })).counts).toMatchObject({ changed: 0, removed: 0 });
  const { syncs } = await ask(getSource, { id: source.id });
  expect(syncs.length).toBeGreaterThan(1);
  await ask(deleteSource, { id: second.source.id });
  expect(await trackers()).toEqual(["jira ORD"]);
  await other.close();
});
