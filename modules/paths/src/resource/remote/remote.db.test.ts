import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { ProvisionedResource, ResourceDetail, ResourcePlan } from "@roadbed/contracts/paths/resources";
import { eventually } from "@roadbed/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";

import { signatureOf } from "../../action/provision/ask-provisioner.ts";
import { createBench, type Bench } from "../../testing/bench.suite.ts";
import { openGitHub, type GitHubDouble } from "../../testing/github-double.ts";
import { outsideTo } from "../../testing/outside-to.ts";
import { entity } from "../../testing/ports.ts";
import { folderOf } from "../../testing/preview.ts";

const TEAM = "group:default/team-a";
const SIGNS = "a-signing-secret";
let bench: Bench;
let github: GitHubDouble;
let server: Server;
let asked: { key: string; operation: string; resource: string; name: string; params: object; callback?: string }[] = [];
let answer: (operation: string) => { status?: number; body?: object } | "hang up";

beforeAll(async () => {
  github = await openGitHub();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      asked.push(body);
      const said = answer(body.operation);
      if (said === "hang up") return void request.socket.destroy();
      response.writeHead(said.status ?? 200, { "content-type": "application/json" }).end(JSON.stringify(said.body ?? {}));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  bench = await createBench(await folderOf({}), { deps: () => ({ outside: outsideTo(github, "github") }) });
  bench.world.entities.set(TEAM, entity("Group", "team-a"));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/provision`;
  await bench.call("paths.connection.save", { name: "mailboxes", address, signingSecret: SIGNS });
  await saveClass("mailbox", { provisioner: "webhook", inputs: { connection: "mailboxes", quotaMb: 100 } });
  await saveClass("tenant", {
    provisioner: "github-workflow",
    inputs: { repository: `https://${github.host}/acme/infra`, workflow: "provision.yml", seats: 5 },
  });
}, 120_000);
afterAll(async () => {
  server.close();
  await bench.close();
  await github.close();
});
beforeEach(() => {
  asked = [];
  answer = () => ({});
  github.fault = () => undefined;
});

async function saveClass(type: string, module: object): Promise<void> {
  const spec = { type, class: "small", modules: [{ environments: ["*"], ...module }] };
  const yaml = stringify({ apiVersion: "roadbed.dev/v1", kind: "ResourceClass", metadata: { name: `${type}-small`, title: type }, spec });
  await bench.call("paths.resource-class.save", { folder: [{ path: "class.yaml", base64: Buffer.from(yaml).toString("base64") }] });
}
const request = (type: string, name: string): Promise<ProvisionedResource> =>
  bench.call("paths.resource.request", { type, class: "small", name, owner: TEAM });
const show = (resource: string): Promise<ResourceDetail> => bench.call("paths.resource.show", { resource });
const settled = (id: string): Promise<ResourceDetail> =>
  eventually(async () => {
    const found = await show(id);
    expect(["ready", "failed", "destroyed"]).toContain(found.state);
    return found;
  }, 60_000);
const reveal = async (resource: string): Promise<object> => {
  const { variables } = await bench.call<{ variables: { name: string; value: string }[] }>("paths.resource.reveal", { resource });
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
};

describe("by webhook", () => {
  test("it is planned, made, looked at, and taken away; what is secret is sealed", async () => {
    answer = (operation) => ({
      body:
        {
          plan: { changes: [{ action: "create", type: "Mailbox", name: "post" }] },
          apply: { outputs: { address: "post@example.org" }, secrets: { password: "s3cret-of-the-box" } },
          read: { message: "3 mails", drift: [{ what: "quota", wanted: "100 MB", found: "200 MB" }] },
        }[operation] ?? {},
    });
    const plan = await bench.call<ResourcePlan>("paths.resource.plan", { type: "mailbox", class: "small", name: "post", owner: TEAM });
    expect(plan.changes).toEqual([{ action: "create", kind: "Mailbox", name: "post", summary: "create" }]);
    const made = await settled((await request("mailbox", "post")).id);
    expect([made.state, made.error]).toEqual(["ready", undefined]);
    expect(made).toMatchObject({
      seenWords: "3 mails",
      drift: [{ what: "quota", found: "200 MB" }],
      facts: { outputs: { address: "post@example.org" } },
    });
    expect(asked.find(({ operation }) => operation === "apply")).toMatchObject({
      key: `${made.id}.1`,
      resource: made.id,
      name: "post",
      params: { quotaMb: 100 },
    });
    expect(await reveal(made.id)).toEqual({ ADDRESS: "post@example.org", PASSWORD: "s3cret-of-the-box" });
    const { rows } = await bench.database.db.query<{ all: string }>(
      "select (select string_agg(n::text, ' ') from paths.resource_note n) || (select string_agg(facts::text, ' ') from paths.resource) as all",
    );
    expect(rows[0]?.all).not.toContain("s3cret-of-the-box");
    await bench.call("paths.resource.destroy", { resource: made.id, name: "post" });
    expect(await settled(made.id)).toMatchObject({ state: "destroyed" });
    expect(asked.filter(({ operation }) => operation === "destroy")).toHaveLength(1);
  });

  test("what lasts is told by the callback; what it refuses is said; one that goes away in the middle is asked again under the same key", async () => {
    answer = (operation) => (operation === "apply" ? { status: 202, body: { status: "pending" } } : {});
    const { id } = await request("mailbox", "later");
    const callback = await eventually(async () => asked.find((one) => one.operation === "apply" && one.resource === id)!.callback!, 30_000);
    const body = Buffer.from(JSON.stringify({ outputs: { address: "later@example.org" }, secrets: { password: "late-s3cret" } }));
    const headers = signatureOf(SIGNS, body, Date.now());
    expect(await bench.receiveCallback(callback.split("/").at(-1)!, { headers, body })).toEqual({ taken: true });
    expect(await settled(id)).toMatchObject({ state: "ready" });
    expect(await reveal(id)).toEqual({ ADDRESS: "later@example.org", PASSWORD: "late-s3cret" });

    answer = (operation) => (operation === "plan" ? { body: { status: "failed", message: "no such domain" } } : {});
    expect((await settled((await request("mailbox", "refused")).id)).error).toContain("mailboxes refuses: no such domain");

    let times = 0;
    answer = (operation) => (operation === "apply" && times++ === 0 ? "hang up" : {});
    const again = await settled((await request("mailbox", "again")).id);
    expect(again.state).toBe("ready");
    const keys = asked.filter((one) => one.operation === "apply" && one.resource === again.id).map(({ key }) => key);
    expect(keys).toEqual([`${again.id}.1`, `${again.id}.1`]);
  });
});

test("by a workflow of GitHub Actions: started once, waited for, its failure is told", async () => {
  github.seed("infra", {});
  const { runs } = github.all.get("acme/infra")!;
  let conclusion = "success";
  let away = 1;
  github.fault = ({ path }) => {
    for (const one of runs) Object.assign(one, { status: "completed", conclusion });
    // The host has started it, and went away before it said so.
    return path.endsWith("/dispatches") && away-- > 0 ? "after" : undefined;
  };
  const made = await settled((await request("tenant", "blue")).id);
  expect([made.state, made.error, runs.length]).toEqual(["ready", undefined, 1]);
  expect(runs[0].inputs).toEqual({
    operation: "apply",
    resource: made.id,
    type: "tenant",
    class: "small",
    name: "blue",
    environment: "dev",
    owner: TEAM,
    params: '{"seats":5}',
  });
  expect(made).toMatchObject({ seenWords: "The workflow that made it ended with success", facts: { workflowRun: 1 } });
  await bench.call("paths.resource.destroy", { resource: made.id, name: "blue" });
  expect(await settled(made.id)).toMatchObject({ state: "destroyed" });
  // The newest first.
  expect(runs.map(({ inputs }) => inputs.operation)).toEqual(["destroy", "apply"]);
  conclusion = "failure";
  expect((await settled((await request("tenant", "red")).id)).error).toContain("ended with failure");
}, 60_000);

test("drift is what the workflow that looks says: begun once, its answer taken later, and kept until the next look", async () => {
  const { runs } = github.all.get("acme/infra")!;
  let annotations: object[] = [
    { title: "drift seats", message: "wanted 5, found 7" },
    { title: "Node 20 is old", message: "Take 24" },
  ];
  let conclusion = "success";
  const looks = (): any[] => runs.filter(({ inputs }) => inputs.operation === "read");
  const endAll = (): void => {
    for (const one of runs) if (one.status !== "completed") Object.assign(one, { status: "completed", conclusion, annotations });
  };
  github.fault = () => {
    // The look stays under way until the test ends it.
    for (const one of runs) if (one.inputs.operation !== "read") Object.assign(one, { status: "completed", conclusion: "success" });
    return undefined;
  };
  await saveClass("seats", {
    provisioner: "github-workflow",
    inputs: { repository: `https://${github.host}/acme/infra`, workflow: "provision.yml", look: "look.yml", seats: 5 },
  });
  const made = await settled((await request("seats", "green")).id);
  expect(made).toMatchObject({ state: "ready", seen: "unknown", seenWords: "look.yml looks at it", drift: [] });
  const check = (): Promise<ProvisionedResource> => bench.call("paths.resource.check", { resource: made.id });
  await check();
  expect(looks()).toHaveLength(1);
  endAll();
  const drift = [{ what: "seats", wanted: "5", found: "7" }];
  expect(await check()).toMatchObject({ seen: "present", seenWords: "look.yml looked at it: 1 otherwise", drift });
  // It was looked at just now.
  expect(await check()).toMatchObject({ drift });
  expect(looks()).toHaveLength(1);

  const later = (): Promise<unknown> =>
    bench.database.db.query(`update paths.resource set facts = jsonb_set(facts, '{looks,at}', '"2026-01-01T00:00:00Z"') where id = $1`, [
      made.id,
    ]);
  await later();
  await check();
  [conclusion, annotations] = ["failure", []];
  endAll();
  // A look that failed has seen nothing.
  expect(await check()).toMatchObject({ seen: "unknown", drift, seenWords: expect.stringContaining("could not look at it") });
  await later();
  await check();
  conclusion = "success";
  endAll();
  expect(await check()).toMatchObject({ seen: "present", drift: [] });
  expect((await show(made.id)).history.map(({ words }) => words)).toEqual(
    expect.arrayContaining(["It is otherwise than it was made: seats: 7 in place of 5.", "It is as it was made again."]),
  );
}, 60_000);

test("one type and class resolves to another module in another environment, and to none where none is said", async () => {
  github.seed("infra", {});
  const { runs } = github.all.get("acme/infra")!;
  runs.length = 0;
  github.fault = () => {
    for (const one of runs) Object.assign(one, { status: "completed", conclusion: "success" });
    return undefined;
  };
  const spec = {
    type: "inbox",
    class: "small",
    modules: [
      { environments: ["dev", "test"], provisioner: "webhook", inputs: { connection: "mailboxes", quotaMb: 10 } },
      {
        environments: ["prod"],
        provisioner: "github-workflow",
        inputs: { repository: `https://${github.host}/acme/infra`, workflow: "provision.yml", quotaMb: 900 },
        cost: { amount: "12.50", currency: "EUR", source: "A list", date: "2026-01-01" },
      },
    ],
  };
  const yaml = stringify({ apiVersion: "roadbed.dev/v1", kind: "ResourceClass", metadata: { name: "inbox-small", title: "Inbox" }, spec });
  await bench.call("paths.resource-class.save", { folder: [{ path: "class.yaml", base64: Buffer.from(yaml).toString("base64") }] });
  const wanted = { type: "inbox", class: "small", name: "mail", owner: TEAM };
  const plan = (environment: string): Promise<ResourcePlan> => bench.call("paths.resource.plan", { ...wanted, environment });
  expect(await plan("dev")).toMatchObject({ provisioner: "webhook" });
  expect(await plan("prod")).toMatchObject({ provisioner: "github-workflow", cost: { amount: "12.50" } });
  await expect(plan("staging")).rejects.toMatchObject({
    code: "INVALID",
    problems: [{ at: "environment", mend: "Choose one of: dev, test, prod." }],
  });
  const make = async (environment: string): Promise<ResourceDetail> =>
    settled((await bench.call<ProvisionedResource>("paths.resource.request", { ...wanted, environment })).id);
  // The same name in both: each is its own.
  const [dev, prod] = [await make("dev"), await make("prod")];
  expect([dev.state, prod.state, dev.id === prod.id]).toEqual(["ready", "ready", false]);
  expect(asked.filter(({ operation }) => operation === "apply")).toMatchObject([{ resource: dev.id, params: { quotaMb: 10 } }]);
  expect(runs.map(({ inputs }) => [inputs.resource, inputs.params])).toEqual([[prod.id, '{"quotaMb":900}']]);
}, 60_000);
