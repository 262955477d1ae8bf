/** Each path that ships, followed for real against the shipped policies; then what it made is used. */
import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import type { EntityView } from "@roadbed/contracts/catalog";
import type { Workload } from "@roadbed/contracts/delivery";
import type { Credential } from "@roadbed/contracts/delivery/credentials";
import type { Execution } from "@roadbed/contracts/delivery/executions";
import type { Run } from "@roadbed/contracts/paths";
import { openDatabase } from "@roadbed/postgres";
import { eventually, quietLog } from "@roadbed/testkit";
import { AwsClient } from "aws4fetch";
import { parse, parseAllDocuments } from "yaml";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startPathsWorld, type PathsWorld } from "./lib/paths-world.ts";

const ESTATE = `
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: payments }
spec: { type: team, children: [] }
`;
const hasGo = await promisify(execFile)("go", ["version"]).then(
  () => true,
  () => false,
);
const execute = promisify(execFile);
const JOB = { entityRef: "component:default/tidy", environment: "dev" };
let world: PathsWorld;
/** A minute passes until it is due: the other tests are done meanwhile. */
let firstTimes: Promise<{ readonly items: readonly Execution[]; readonly at: Workload }>;
beforeAll(async () => {
  world = await startPathsWorld({ estate: ESTATE });
  succeeded(await world.run("scheduled-job", { name: "tidy", owner: "payments", cron: "* * * * *", timeZone: "Europe/Berlin" }));
  firstTimes = untilThere(async () => {
    const { items } = await world.call<{ items: Execution[] }>("delivery.execution.list", JOB);
    const at = await workloadOf(JOB.entityRef);
    return items.at(-1)?.endedAt === undefined || at === undefined ? undefined : { items: [items.at(-1)!], at };
  }, 110_000);
  // Whoever waits for it is told of a failure; nobody is surprised by it before.
  firstTimes.catch(() => {});
}, 120_000);
afterAll(() => world.close());

test("a Python service is made, built, started and answers; its own tests have run before", async () => {
  const run = succeeded(await world.run("python-service", { name: "rates", owner: "payments" }));
  expect(run.outputs["serviceUrl"]).toBe(`${world.routerUrl}/dev/rates/`);
  expect(await fetchJson("rates/api/hello?name=Ada")).toEqual({ message: "Hello, Ada!" });
  expect(await workloadOf("component:default/rates")).toMatchObject({ kind: "service", health: "healthy" });
  const { entity } = await world.call<EntityView>("catalog.entity.get", { ref: "component:default/rates" });
  expect(entity.spec).toMatchObject({ owner: "payments", providesApis: ["rates"] });
});

test.skipIf(hasGo)("a Go service is made where there is no Go, and it is said that it was not started", async () => {
  const run = succeeded(await world.run("go-service", { name: "quotes", owner: "payments" }));
  expect(run.steps.at(-1)?.status).toBe("completed");
  expect(run.outputs["serviceUrl"]).toBeUndefined();
  const { items } = await world.call<{ items: { message: string }[] }>("paths.run.logs", { id: run.id });
  expect(items.map(({ message }) => message).join("\n")).toContain(
    "component:default/quotes needs go, which this machine has not; made, not started.",
  );
  expect((await world.call<EntityView>("catalog.entity.get", { ref: "api:default/quotes" })).entity.kind).toBe("API");
  const { steps } = await world.call<{ steps: { effect: string }[] }>("paths.path.preview", {
    path: "go-service",
    values: { name: "others", owner: "payments" },
  });
  expect(steps.at(-1)?.effect).toContain("needs go, which this machine has not");
});

test("documentation becomes a site that is served, and the Docs tab of its entity", async () => {
  const run = succeeded(await world.run("documentation-site", { name: "handbook", owner: "payments", title: "Our handbook" }));
  const page = await (await fetch(`${String(run.outputs["serviceUrl"])}write.html`)).text();
  expect(page).toContain('<a href="./index.html">Our handbook</a>');
  expect(page).toContain("<h1");
  const docs = await world.call("catalog.docs.get", { ref: "component:default/handbook", page: "write.md" });
  expect(JSON.stringify(docs)).toContain("A page is a Markdown file");
});

test("a library can be packed, installed elsewhere and used, and a release takes its notes along", async () => {
  succeeded(await world.run("library", { name: "phrases", owner: "payments", package: "@payments/phrases" }));
  const folder = join(world.dataDir, "phrases");
  await world.repositories.exportTree("phrases", "main", folder);
  const npm = (cwd: string, ...args: string[]): Promise<unknown> =>
    execute("npm", args, { cwd, env: { ...process.env, npm_config_offline: "true" } });
  await npm(folder, "run", "release", "--", "minor");
  await npm(folder, "pack");
  const user = join(world.dataDir, "user");
  await mkdir(user);
  await npm(user, "install", "--no-audit", "--no-fund", join(folder, "payments-phrases-0.2.0.tgz"));
  const script = 'import { shorten } from "@payments/phrases"; console.log(shorten("one two three", 10))';
  const { stdout } = await execute(process.execPath, ["--input-type=module", "-e", script], { cwd: user });
  expect(stdout).toBe("one two…\n");
  expect(await readFile(join(user, "node_modules/@payments/phrases/CHANGELOG.md"), "utf8")).toMatch(
    /## 0\.2\.0 \(\d{4}-\d\d-\d\d\)\n\n- Begun\./,
  );
});

test("a pipeline is proposed to a component's repository, and what stands there is not overwritten", async () => {
  const offered = await world.call<{ items: { name: string }[] }>("paths.path.list", { entityRef: "component:default/phrases" });
  expect(offered.items.map(({ name }) => name)).toContain("ci-pipeline");
  // The library has a workflow of its own; GitLab's is new to it.
  const none = succeeded(await world.run("ci-pipeline", { entity: "component:default/phrases", host: "github", language: "node" }));
  expect(none.outputs).toMatchObject({ changed: false });
  const done = succeeded(await world.run("ci-pipeline", { entity: "component:default/phrases", host: "gitlab", language: "node" }));
  expect(done.outputs).toMatchObject({ changed: true });
  await mergeOnly("phrases");
  const pipeline = parse(await fileOf("phrases", ".gitlab-ci.yml")) as Record<string, { script: string[]; image: string }>;
  expect(pipeline["test"]?.script).toContain("npm test");
  expect(pipeline["policies"]?.script[0]).toContain("roadbed check --base");
  expect(pipeline["test"]?.image).toMatch(/@sha256:[0-9a-f]{64}$/);
});

test("a repository that is there is adopted: what it lacks is proposed, then it is in the catalogue and the ledger", async () => {
  await world.makeRepository("legacy", { "README.md": "# Ours\n", "mkdocs.yml": "site_name: Legacy\n", "server.js": "1;\n" });
  const values = { repository: "legacy", name: "legacy", owner: "payments", pipeline: "github", language: "node" };
  const preview = await world.call<{ steps: { effect: string }[] }>("paths.path.preview", { path: "adopt-repository", values });
  expect(preview.steps.at(-1)?.effect).toContain("What stands there stays as it is: mkdocs.yml");
  succeeded(await world.run("adopt-repository", values));
  expect((await world.call<{ items: unknown[] }>("paths.ledger.list", {})).items).not.toContainEqual(
    expect.objectContaining({ repository: "legacy" }),
  );
  await mergeOnly("legacy");
  expect(await fileOf("legacy", "mkdocs.yml")).toBe("site_name: Legacy\n");
  const workflow = parse(await fileOf("legacy", ".github/workflows/ci.yml")) as { jobs: Record<string, { if?: string }> };
  expect(workflow.jobs["policies"]?.if).toBe("${{ github.event_name == 'pull_request' && vars.ROADBED_URL != '' }}");
  const made = await untilThere(async () => {
    const { items } = await world.call<{ items: { repository: string; state: string; path: string }[] }>("paths.ledger.list", {});
    return items.find(({ repository }) => repository === "legacy");
  });
  expect(made).toMatchObject({ state: "current" });
  const { entity } = await eventually(() => world.call<EntityView>("catalog.entity.get", { ref: "component:default/legacy" }));
  expect(entity.spec?.["owner"]).toBe("payments");
  await expect(
    world.call("paths.path.preview", { path: "adopt-repository", values: { ...values, name: "x", repository: "nowhere" } }),
  ).rejects.toThrow(/no repository "nowhere"/);
});

test("a namespace is proposed to the GitOps repository, passes the policies, and renders", async () => {
  await world.makeRepository("gitops", { "README.md": "# Clusters\n" });
  const values = { name: "payments-dev", owner: "payments", repository: "gitops", size: "medium", from: ["ingress"], internet: true };
  const run = succeeded(await world.run("kubernetes-namespace", values));
  expect(run.outputs["folder"]).toBe("namespaces/payments-dev");
  await mergeOnly("gitops");
  const folder = join(world.dataDir, "gitops");
  await world.repositories.exportTree("gitops", "main", folder);
  const read = async (name: string): Promise<any[]> =>
    parseAllDocuments(await readFile(join(folder, "namespaces/payments-dev", name), "utf8")).map((document) => document.toJS());
  expect((await read("quota.yaml"))[0].spec.hard).toMatchObject({ "requests.cpu": "8", "requests.memory": "16Gi", pods: "60" });
  const [, network] = await read("network.yaml");
  expect(network.spec.ingress[1].from[0].namespaceSelector.matchLabels).toEqual({ "kubernetes.io/metadata.name": "ingress" });
  expect(network.spec.egress.at(-1).ports).toEqual([{ protocol: "TCP", port: 443 }]);
  const rendered = await execute("kubectl", ["kustomize", join(folder, "namespaces/payments-dev")]).catch(() => undefined);
  if (rendered !== undefined) expect(parseAllDocuments(rendered.stdout)).toHaveLength(8);
  const [, binding] = await read("access.yaml");
  expect(binding.subjects[0].name).toBe("payments");

  // Taken back, what was proposed is closed; the other namespace stays.
  const other = succeeded(await world.run("kubernetes-namespace", { ...values, name: "payments-two" }));
  await world.call("paths.run.undo", { id: other.id, reason: "One is enough." });
  await untilThere(async () => {
    const { items } = await world.call<{ items: unknown[] }>("delivery.change.list", { repository: "gitops", open: true });
    return items.length === 0 ? true : undefined;
  });
});

function untilThere<T>(find: () => Promise<T | undefined>, ms?: number): Promise<T> {
  return eventually(async () => {
    const found = await find();
    if (found === undefined) throw new Error("it is not there yet");
    return found;
  }, ms);
}

test("a credential lets one service call another, is made anew without a call that fails, and ends", async () => {
  await world.makeRepository("vault", { "roadbed.yaml": SERVICE, "server.mjs": CALLED, "catalog-info.yaml": component("vault") });
  await world.makeRepository("till", { "roadbed.yaml": SERVICE, "server.mjs": CALLER, "catalog-info.yaml": component("till") });
  await world.register("vault");
  await world.register("till");
  await eventually(async () => expect(await fetchText("till/call")).toBe("401 nobody"), 60_000);
  const values = { entity: "component:default/till", callee: "component:default/vault" };
  const run = succeeded(await world.run("service-credential", values));
  expect(run.outputs).toMatchObject({ variables: ["VAULT_TOKEN", "VAULT_URL"] });
  await eventually(async () => expect(await fetchText("till/call")).toBe("200 component:default/till"), 60_000);
  const token = await fetchText("till/token");
  expect(token).toMatch(/^rbs_/);

  const { items } = await world.call<{ items: Credential[] }>("delivery.credential.list", { entityRef: values.callee });
  expect(items).toMatchObject([{ caller: values.entity, state: "active", generation: 1, calleeVariables: ["SERVICE_CALLERS"] }]);
  expect(JSON.stringify([items, run])).not.toContain(token);
  const { rows } = await world.database.db.query("select row_to_json(c)::text as row from delivery.credential c");
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(JSON.stringify(await world.call("delivery.workload.logs", { entityRef: values.entity }))).not.toContain(token);
  expect(await fileOf("till", "catalog-info.yaml")).toContain("component:default/vault");
  await expect(world.run("service-credential", values)).resolves.toMatchObject({
    status: "failed",
    error: expect.stringContaining("has a credential"),
  });

  const id = items[0]!.id;
  expect(await world.call("delivery.credential.rotate", { credential: id })).toMatchObject({ generation: 2 });
  // While both are started again, each call is answered.
  for (let fresh = token; fresh === token; fresh = await fetchText("till/token"))
    expect(await fetchText("till/call")).toBe("200 component:default/till");
  expect(await fetchText("till/call")).toBe("200 component:default/till");

  expect(await world.call("delivery.credential.revoke", { credential: id })).toMatchObject({ state: "revoked", callerVariables: [] });
  await eventually(async () => expect(await fetchText("till/call")).toBe("401 nobody"), 60_000);
});

test("a database is made for a component, written to, becomes another class, and is not taken away while it is used", async () => {
  await world.makeRepository("shelf", { "roadbed.yaml": SERVICE, "server.mjs": CALLER, "catalog-info.yaml": component("shelf") });
  await world.register("shelf");
  await eventually(async () => expect((await workloadOf("component:default/shelf"))?.health).toBe("healthy"), 60_000);
  const made = succeeded(
    await world.run("postgres-database", { name: "shelf-db", owner: "payments", consumer: "component:default/shelf" }),
  );
  expect(made.outputs["variables"]).toContain("DATABASE_URL");
  const id = String(made.outputs["resource"]);
  const { variables } = await world.call<{ variables: { name: string; value: string }[] }>("paths.resource.reveal", { resource: id });
  const url = variables.find(({ name }) => name === "DATABASE_URL")!.value;
  expect(JSON.stringify(made)).not.toContain(url);
  const ask = async (sql: string): Promise<Record<string, unknown>[]> => {
    const db = openDatabase({ url, log: quietLog, max: 1, patienceMs: 0 });
    try {
      return (await db.query(sql)).rows;
    } finally {
      await db.close();
    }
  };
  await ask("create table book (title text)");
  await ask("insert into book values ('one')");
  // Its workload was started again, with the address.
  await eventually(async () => expect(await fetchText("shelf/database")).toBe(url), 60_000);

  const entity = "resource:default/shelf-db";
  const { items: offered } = await world.call<{ items: { name: string }[] }>("paths.path.list", { entityRef: entity });
  expect(offered.map(({ name }) => name)).toEqual(expect.arrayContaining(["change-database", "delete-database"]));
  succeeded(await world.run("change-database", { entity, class: "medium" }));
  await eventually(async () =>
    expect(await world.call("paths.resource.show", { resource: id })).toMatchObject({ class: "medium", state: "ready" }),
  );
  expect(await ask("select title from book")).toEqual([{ title: "one" }]);

  await expect(world.call("paths.path.preview", { path: "delete-database", values: { entity, name: "shelf-db" } })).rejects.toThrow(
    /component:default\/shelf still depends on it/,
  );
  succeeded(await world.run("postgres-database", { name: "scratch-db", owner: "payments" }));
  const gone = succeeded(await world.run("delete-database", { entity: "resource:default/scratch-db", name: "scratch-db" }));
  expect(gone.outputs).toEqual({ resource: "scratch-db" });
  await untilThere(async () => {
    const { items } = await world.call<{ items: { state: string }[] }>("paths.resource.list", { state: "destroyed" });
    return items.length === 1 ? true : undefined;
  });
});

test("a bucket and a queue are made by class, used, and taken away", async () => {
  const credentialsOf = async (made: Run): Promise<Record<string, string>> => {
    const { variables } = await world.call<{ variables: { name: string; value: string }[] }>("paths.resource.reveal", {
      resource: made.outputs["resource"],
    });
    return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  };
  const bucket = await credentialsOf(succeeded(await world.run("bucket", { name: "photos", owner: "payments" })));
  const aws = new AwsClient({
    accessKeyId: bucket["AWS_ACCESS_KEY_ID"]!,
    secretAccessKey: bucket["AWS_SECRET_ACCESS_KEY"]!,
    region: bucket["AWS_REGION"]!,
    service: "s3",
  });
  const photo = `${bucket["AWS_ENDPOINT_URL_S3"]}/${bucket["S3_BUCKET"]}/2026/cat.txt`;
  expect((await aws.fetch(photo, { method: "PUT", body: "a cat" })).status).toBe(200);
  expect(await (await aws.fetch(photo)).text()).toBe("a cat");

  const prints = succeeded(await world.run("queue", { name: "prints", owner: "payments" }));
  const queue = await credentialsOf(prints);
  const db = openDatabase({ url: queue["QUEUE_URL"]!, log: quietLog, max: 1, patienceMs: 0 });
  await db.query(`select queue.send('{"photo": "cat"}')`);
  expect((await db.query("select body, queue.ack(id, receipt) as done from queue.receive()")).rows).toEqual([
    { body: { photo: "cat" }, done: true },
  ]);
  await db.close();

  succeeded(await world.run("delete-resource", { entity: "resource:default/photos", name: "photos" }));
  await eventually(async () => expect((await aws.fetch(photo)).status).toBe(403), 30_000);
  // A run that is taken back takes its queue along.
  await world.call("paths.run.undo", { id: prints.id, reason: "It was only tried" });
  await eventually(
    async () =>
      expect(await world.call("paths.resource.show", { resource: prints.outputs["resource"] })).toMatchObject({ state: "destroyed" }),
    30_000,
  );
});

// The last: its minute has passed while the others were made.
test("a job runs on time and by hand, and its times are remembered with their lines of the log", async () => {
  const { items, at } = await firstTimes;
  expect(items[0]).toMatchObject({ trigger: "schedule", status: "succeeded", exitCode: 0 });
  expect(Date.parse(items[0]!.dueAt) % 60_000).toBe(0);
  expect(Date.parse(items[0]!.startedAt!) - Date.parse(items[0]!.dueAt)).toBeLessThan(30_000);
  expect(at.schedule).toMatchObject({ cron: "* * * * *", timeZone: "Europe/Berlin", last: { id: items[0]!.id } });
  expect(Date.parse(at.schedule!.next!)).toBeGreaterThan(Date.parse(items[0]!.dueAt));

  const asked = await world.call<Execution>("delivery.execution.start", JOB);
  expect(asked).toMatchObject({ trigger: "hand", status: "queued" });
  const done = await untilThere(async () => {
    const found = await world.call<Execution>("delivery.execution.get", { id: asked.id });
    return found.endedAt === undefined ? undefined : found;
  }, 30_000);
  expect(done).toMatchObject({ status: "succeeded", exitCode: 0 });
  const { items: lines } = await world.call<{ items: { seq: number; message: string }[] }>("delivery.workload.logs", {
    ...JOB,
    after: done.logAfter,
  });
  expect(lines.filter(({ seq }) => seq <= done.logUntil!).some(({ message }) => message.includes('"message":"done"'))).toBe(true);
  await expect(world.call("delivery.execution.start", { entityRef: "component:default/rates" })).rejects.toThrow(/runs all the time/);
});

const SERVICE = "kind: service\nstart: [node, server.mjs]\n";
/** As docs/guides/which-golden-path.md says. */
const CALLED = `
import { createHash } from "node:crypto";
import { createServer } from "node:http";
const callers = JSON.parse(process.env.SERVICE_CALLERS ?? "{}");
function callerOf(request) {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const sha256 = createHash("sha256").update(token).digest("hex");
  const counts = (one) => one.sha256 === sha256 && (one.until === undefined || Date.parse(one.until) > Date.now());
  return Object.keys(callers).find((caller) => callers[caller].some(counts));
}
createServer((request, response) => {
  if (request.url === "/healthz") return response.end("ok");
  const caller = callerOf(request);
  response.writeHead(caller ? 200 : 401).end(caller ?? "nobody");
}).listen(process.env.PORT, process.env.HOST);
process.on("SIGTERM", () => process.exit(0));
`;
const CALLER = `
import { createServer } from "node:http";
console.log("begins with", process.env.VAULT_TOKEN);
createServer(async (request, response) => {
  if (request.url === "/token") return response.end(process.env.VAULT_TOKEN ?? "");
  if (request.url === "/database") return response.end(process.env.DATABASE_URL ?? "");
  if (request.url !== "/call") return response.end("ok");
  const url = process.env.VAULT_URL ?? process.env.ROADBED_PUBLIC_URL.replace("/till", "/vault");
  const answer = await fetch(url + "/secret", { headers: { authorization: "Bearer " + process.env.VAULT_TOKEN } }).catch((error) => ({ status: 0, text: () => String(error) }));
  response.end(answer.status + " " + (await answer.text()));
}).listen(process.env.PORT, process.env.HOST);
process.on("SIGTERM", () => process.exit(0));
`;

function component(name: string): string {
  return `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n`;
}

/** Merges the one change that is open. */
async function mergeOnly(repository: string): Promise<void> {
  const { items } = await world.call<{ items: { id: string; state: string; head: string }[] }>("delivery.change.list", {
    repository,
    open: true,
  });
  expect(items).toHaveLength(1);
  expect(items[0]?.state).toBe("ready");
  await world.call("delivery.change.merge", { id: items[0]?.id, head: items[0]?.head });
}

async function fileOf(repository: string, path: string): Promise<string> {
  return Buffer.from((await world.repositories.readFile(repository, "main", path)) ?? []).toString();
}

function succeeded(run: Run): Run {
  expect(run.error).toBeUndefined();
  expect(run.status).toBe("succeeded");
  return run;
}

async function fetchText(path: string): Promise<string> {
  return (await fetch(`${world.routerUrl}/dev/${path}`)).text();
}

async function fetchJson(path: string): Promise<unknown> {
  return (await fetch(`${world.routerUrl}/dev/${path}`)).json();
}

async function workloadOf(entityRef: string): Promise<Workload | undefined> {
  return (await world.call<{ items: Workload[] }>("delivery.workload.list", { entityRef })).items[0];
}
