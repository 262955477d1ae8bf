import { createSource } from "@roadbed/contracts/catalog/connections";
import {
  acceptProposals,
  getDiscovery,
  getProposal,
  listDiscoveries,
  listIdentities,
  listProposals,
  refuseProposals,
  runDiscovery,
} from "@roadbed/contracts/catalog/proposals";
import { getEntity } from "@roadbed/contracts/catalog";
import { eventually } from "@roadbed/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

import { useWorld } from "../../modules/catalog/src/world.suite.ts";
import { answerAsGitHub, type GitHub } from "../../modules/connectors/src/github/github.double.suite.ts";
import { connectors } from "../../modules/connectors/src/index.ts";
import { openDouble, type Double } from "../../modules/connectors/src/lib/double.ts";

const world = useWorld();
const { ask } = world;

let github: GitHub;
let double: Double;
beforeEach(async () => {
  for (const table of ["discovery", "discovery_repository", "proposal", "login"]) await world.sql(`delete from catalog.${table}`);
  await world.catalog.stop();
  world.catalog = world.open({ connectors, outbound: () => fetch });
  github = {
    budget: 5_000,
    resetAt: Math.floor(Date.now() / 1_000) + 1_800,
    repositories: [
      {
        name: "orders",
        pushed_at: "2026-01-01T00:00:00Z",
        files: {
          "package.json": `{ "name": "orders", "private": true, "scripts": { "start": "node ." } }`,
          Dockerfile: "FROM node:24\n",
          "docker-compose.yml": "services:\n  orders:\n    build: .\n    environment:\n      PAYMENTS_URL: http://payments:8080\n",
          CODEOWNERS: "* @Octocoders/github\n",
          "src/index.js": "// 1\n",
        },
        commits: [
          { name: "A. L.", email: "me@home.example", login: "Codertocat", date: "2026-10-01T00:00:00Z" },
          { name: "Pia", email: "pia@example.com", date: "2026-09-01T00:00:00Z" },
        ],
      },
      {
        name: "payments",
        pushed_at: "2026-01-01T00:00:00Z",
        files: { "go.mod": "module github.com/octocoders/payments\n", "main.go": "package main\n", Dockerfile: "FROM scratch\n" },
      },
      { name: "empty", pushed_at: "2026-01-01T00:00:00Z", files: {} },
    ],
  };
  double = await openDouble((question) => answerAsGitHub(github, question));
});
afterEach(() => double.close());

async function connect(): Promise<string> {
  const settings = { org: "Octocoders", token: "t0ken", api: double.url, descriptors: false };
  return (await ask(createSource, { connector: "github", settings })).source.id;
}

async function settled(id: string) {
  return eventually(async () => {
    const found = await ask(getDiscovery, { id });
    if (found.status === "running" || (found.status === "queued" && found.waitsUntil === undefined)) throw new Error(found.status);
    return found;
  });
}

const discover = async (source: string) => settled((await ask(runDiscovery, { source })).id);
const open = async (input: object = {}) => (await ask(listProposals, { limit: 500, ...input })).items;
/** What was asked about the repositories themselves. */
const looked = () => double.asked.filter(({ url }) => url.pathname.startsWith("/repos/") || url.pathname === "/graphql").length;

test("an organisation is read with a token: services with owners by CODEOWNERS, relations and reasons are proposed", async () => {
  const source = await connect();
  expect(await discover(source)).toMatchObject({ status: "succeeded", total: 3, done: 3, unchanged: 0 });
  const found = (await open()).find(({ ref }) => ref === "component:default/orders")!;
  expect(found).toMatchObject({ owner: "group:default/github", repository: "github.com/octocoders/orders" });
  const { entity, evidence } = await ask(getProposal, { id: found.id });
  expect(entity.spec).toMatchObject({ dependsOn: ["component:default/payments"] });
  expect(evidence).toContainEqual(expect.objectContaining({ file: "Dockerfile", line: 1 }));
  // What says nothing about services is not even fetched.
  const asked = double.asked
    .filter(({ url }) => url.pathname === "/graphql")
    .map(({ body }) => Object.keys(JSON.parse(body).variables).length);
  expect(asked.sort((a, b) => a - b)).toEqual([5, 6]);

  // Who committed is who the host says, and whom the source brought.
  const { items } = await ask(listIdentities, { limit: 100 });
  expect(items.find(({ login }) => login === "email:me@home.example")).toMatchObject({
    state: "accepted",
    user: "user:default/codertocat",
    reason: expect.stringContaining("account"),
  });
  expect(items.find(({ login }) => login === "email:pia@example.com")).toMatchObject({ state: "open" });

  await ask(acceptProposals, { ids: [found.id] });
  expect((await ask(getEntity, { ref: "component:default/orders" })).entity.spec).toMatchObject({ owner: "group:default/github" });
});

test("a second reading asks only about what was pushed, and what was refused stays refused", async () => {
  const source = await connect();
  await discover(source);
  const [payments] = (await open()).filter(({ ref }) => ref === "component:default/payments");
  await ask(refuseProposals, { ids: [payments!.id], reason: "a toy" });
  const before = looked();
  // By its address, as people know it.
  const again = await settled((await ask(runDiscovery, { target: `${double.url}/Octocoders/` })).id);
  expect(again).toMatchObject({ status: "succeeded", done: 3, unchanged: 3 });
  expect(looked()).toBe(before);
  github.repositories[1]!.pushed_at = "2026-02-02T00:00:00Z";
  github.repositories[1]!.files["main_test.go"] = "package main\n";
  expect(await discover(source)).toMatchObject({ unchanged: 2 });
  expect((await open()).map(({ ref }) => ref)).not.toContain("component:default/payments");
  expect((await open({ state: "refused" })).map(({ ref }) => ref)).toEqual(["component:default/payments"]);

  github.repositories.shift();
  await discover(source);
  expect((await open()).map(({ ref }) => ref)).not.toContain("component:default/orders");
});

test("a budget that runs short is left to others: what was read is proposed, the rest when the host allows it, and nothing is asked twice", async () => {
  const source = await connect();
  for (const name of ["one", "two"]) {
    github.repositories.push({
      name,
      pushed_at: "2026-01-01T00:00:00Z",
      files: { "go.mod": `module example.com/${name}\n`, "main.go": "package main\n" },
    });
  }
  // Room for the first few above the tenth that stays for others.
  github.budget = 506;
  const short = await discover(source);
  expect(short).toMatchObject({ status: "queued", total: 5, waitsUntil: new Date(github.resetAt * 1_000).toISOString() });
  expect(short.done).toBeGreaterThan(0);
  expect(short.done).toBeLessThan(5);
  expect(github.budget).toBeGreaterThan(480);
  const asked = looked();
  // Another process goes on, when it is time.
  await world.catalog.stop();
  github.budget = 5_000;
  await world.sql("update catalog.discovery set not_before = now() - interval '1 second'");
  world.catalog = world.open({ connectors, outbound: () => fetch });
  await world.catalog.start();
  await eventually(async () =>
    expect(await ask(getDiscovery, { id: short.id })).toMatchObject({ status: "succeeded", done: 5, unchanged: 0 }),
  );
  expect(looked() - asked).toBeLessThanOrEqual(3 * (5 - short.done));
  expect((await open()).map(({ ref }) => ref)).toContain("component:default/two");
  expect((await ask(listDiscoveries, { limit: 10 })).items).toHaveLength(1);
});

test("what cannot be read says why and what to do", async () => {
  await expect(ask(runDiscovery, { target: "https://github.com/nobody" })).rejects.toMatchObject({
    code: "INVALID",
    mend: expect.stringContaining("roadbed source create"),
  });
  const source = await connect();
  await world.sql(`update catalog.source set settings = jsonb_set(settings::jsonb, '{org}', '"gone"')`);
  expect(await discover(source)).toMatchObject({ status: "failed", error: expect.stringContaining("404") });
  const { source: mute } = await ask(createSource, {
    connector: "linear",
    settings: { workspace: "acme", token: "t0ken" },
    read: false,
  });
  await expect(ask(runDiscovery, { source: mute.id })).rejects.toMatchObject({
    code: "INVALID",
    message: expect.stringContaining("no files"),
  });
});
