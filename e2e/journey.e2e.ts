/** From an idea to a running, observed service, on an empty Roadbed: by the command line, Git and HTTP alone. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client as McpClient, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { getEntity, getDocs, listEntities } from "@roadbed/contracts/catalog";
import { listDeployments, listRepositories, listWorkloads } from "@roadbed/contracts/delivery";
import { verifyAudit } from "@roadbed/contracts/identity";
import { getRun, listRuns, runPath } from "@roadbed/contracts/paths";
import { requestResource, revealResource, showResource } from "@roadbed/contracts/paths/resources";
import { getService, getTrace, listTraces } from "@roadbed/contracts/telemetry";

import { git } from "./lib/git.ts";
import { runCli, type CliResult } from "./lib/run-cli.ts";
import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

let roadbed: RunningRoadbed;
let folder: string;
const cli = (...args: string[]): Promise<CliResult> => runCli(args, { ROADBED_URL: roadbed.url, ROADBED_TOKEN: roadbed.token });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-journey-"));
  roadbed = await startRoadbed();
});

afterAll(async () => {
  await roadbed?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe("bring yours", () => {
  test("a folder's entities can be queried when import answers, and a broken file is named with its line", async () => {
    const estate = join(folder, "estate");
    mkdirSync(estate);
    writeFileSync(join(estate, "org.yaml"), ORG);
    writeFileSync(join(estate, "catalog-info.yaml"), "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: [oops\n");
    const result = await cli("import", estate, "--json");
    expect(result.code, result.stderr).toBe(0);
    const answer = JSON.parse(result.stdout) as {
      counts: { registered: number };
      problems: { file: string; line: number; reason: string }[];
    };
    expect(answer.counts.registered).toBe(3);
    expect(answer.problems).toHaveLength(1);
    expect(answer.problems[0]).toMatchObject({ file: "catalog-info.yaml", line: expect.any(Number), reason: expect.any(String) });
    const { items } = await roadbed.client.call(listEntities, { filter: "kind=group" });
    expect(items.map(({ ref }) => ref)).toEqual(["group:default/team-road"]);
  });
});

describe("a Git repository", () => {
  test("is imported by its address, and a host's hook makes a push visible", async () => {
    const upstream = join(folder, "upstream");
    mkdirSync(upstream);
    const describeAs = (text: string): void =>
      writeFileSync(
        join(upstream, "catalog-info.yaml"),
        `apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: { name: roads, description: ${text} }\nspec: { owner: team-road }\n`,
      );
    describeAs("first");
    await git(upstream, "init", "-q", "-b", "main");
    await git(upstream, "add", ".");
    await git(upstream, "commit", "-qm", "Begin");
    const address = `file://${upstream}`;
    const imported = await cli("import", address, "--json");
    expect(imported.code, imported.stderr).toBe(0);
    const descriptionOf = async (): Promise<string | undefined> =>
      (await roadbed.client.call(getEntity, { ref: "domain:default/roads" })).entity.metadata.description;
    expect(await descriptionOf()).toBe("first");

    describeAs("second");
    await git(upstream, "commit", "-qam", "Say more");
    const hook = await fetch(`${roadbed.url}/hooks/push`, {
      method: "POST",
      headers: { authorization: `Bearer ${roadbed.token}`, "content-type": "application/json" },
      body: JSON.stringify({ ref: "refs/heads/main", repository: { clone_url: address } }),
    });
    expect(await hook.json()).toEqual({ sources: 1 });
    await eventually(async () => ((await descriptionOf()) === "second" ? true : undefined));
  });
});

describe("a golden path by the command line", () => {
  test("lists and shows the paths", async () => {
    const list = await cli("path", "list");
    expect(list.stdout).toMatch(/node-service/);
    const show = await cli("path", "show", "node-service", "--json");
    expect((JSON.parse(show.stdout) as { pages: unknown[] }).pages.length).toBeGreaterThan(0);
  });

  test("wrong values exit 2 and name the field", async () => {
    const result = await cli(
      "path",
      "preview",
      "node-service",
      "--values",
      values("wrong", { name: "Not A Name!", owner: "group:default/nobody" }),
      "--json",
    );
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/name/);
  });

  test("an unpinned image exits 3 with the rule and the mend, and nothing is made", async () => {
    const file = values("unpinned", { name: "never-made", owner: "group:default/team-road", baseImage: "node:latest" });
    for (const verb of ["preview", "run"]) {
      const result = await cli("path", verb, "node-service", "--values", file, "--json", ...(verb === "run" ? ["--wait"] : []));
      expect(result.code, `${verb}: ${result.stdout} ${result.stderr}`).toBe(3);
      expect(result.stdout + result.stderr).toMatch(/digest|pinned/i);
    }
    expect((await roadbed.client.call(listRepositories, {})).items).toEqual([]);
  });

  test("run --wait makes a repository, an entity and a running service", async () => {
    const result = await cli(
      "path",
      "run",
      "node-service",
      "--values",
      values("good", { name: "signpost", owner: "group:default/team-road" }),
      "--json",
      "--wait",
    );
    expect(result.code, result.stderr + result.stdout).toBe(0);
    const made = JSON.parse(result.stdout) as { outputs: { entityRef: string; cloneUrl: string; serviceUrl: string }; status: string };
    expect(made).toMatchObject({ status: "succeeded", outputs: { entityRef: "component:default/signpost" } });
    expect((await fetch(new URL("healthz", made.outputs.serviceUrl))).status).toBe(200);

    const entity = await cli("entity", "get", made.outputs.entityRef, "--json");
    expect(JSON.parse(entity.stdout)).toMatchObject({ entity: { spec: { owner: expect.stringContaining("team-road") } }, hasDocs: true });
    const { page } = await roadbed.client.call(getDocs, { ref: made.outputs.entityRef });
    expect(page.markdown).toMatch(/signpost/i);

    const [latest] = (await roadbed.client.call(listRuns, {})).items;
    const logs = await cli("run", "logs", latest?.id ?? "", "-f");
    expect(logs.code).toBe(0);
    expect(logs.stdout.length).toBeGreaterThan(0);
  });

  test("a name that is taken is refused while it is typed and when it is run", async () => {
    const result = await cli(
      "path",
      "run",
      "node-service",
      "--values",
      values("taken", { name: "signpost", owner: "group:default/team-road" }),
      "--json",
    );
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/taken|exists|already/i);
  });
});

describe("the running service", () => {
  test("its requests are seen as rate, latency and a trace within seconds", async () => {
    const { url } = await workload();
    for (let i = 0; i < 10; i++) await (await fetch(url)).text();
    const service = await eventually(async () => {
      const answer = await roadbed.client.call(getService, { service: "signpost" });
      return answer.summary.requests >= 10 ? answer : undefined;
    }, 15_000);
    expect(service.summary.p95Ms).toBeGreaterThan(0);
    const [row] = (await roadbed.client.call(listTraces, { service: "signpost" })).items;
    const trace = await roadbed.client.call(getTrace, { traceId: row?.traceId ?? "" });
    expect(trace.spans[0]).toMatchObject({ service: "signpost", offsetUs: 0 });
  });

  test("git clone, change, push: the new version answers", async () => {
    const repository = (await roadbed.client.call(listRepositories, {})).items.find(({ name }) => name === "signpost");
    const clone = join(folder, "clone");
    const address = new URL(repository?.cloneUrl ?? "");
    address.username = "me";
    address.password = roadbed.token;
    await git(folder, "clone", "-q", address.href, clone);
    const source = join(clone, "roadbed.yaml");
    writeFileSync(source, `${readFileSync(source, "utf8")}\n# changed by hand\n`);
    const page = join(clone, "docs/index.md");
    writeFileSync(page, `${readFileSync(page, "utf8")}\nWritten by hand.\n`);
    await git(clone, "commit", "-qam", "Change something");
    await git(clone, "push", "-q", "origin", "HEAD:main");
    const { stdout: head } = await git(clone, "rev-parse", "HEAD");
    await eventually(async () => {
      const found = await workload();
      return found.commit === head.trim() && found.health === "healthy" ? true : undefined;
    });
    // The docs follow the push, too.
    await eventually(async () =>
      (await roadbed.client.call(getDocs, { ref: "component:default/signpost" })).page.markdown.includes("Written by hand.")
        ? true
        : undefined,
    );
    const { items } = await roadbed.client.call(listDeployments, { entityRef: "component:default/signpost" });
    expect(items[0]).toMatchObject({ commit: head.trim(), status: "healthy", message: expect.stringContaining("Change something") });
  });

  test("a push without a good token is refused", async () => {
    const clone = join(folder, "clone");
    const repository = (await roadbed.client.call(listRepositories, {})).items.find(({ name }) => name === "signpost");
    const address = new URL(repository?.cloneUrl ?? "");
    address.username = "me";
    address.password = "rb_not_a_token";
    await expect(git(clone, "push", "-q", address.href, "HEAD:main")).rejects.toThrow();
  });
});

describe("an agent by MCP", () => {
  test("previews and runs a path with tools, and says why", async () => {
    const agent = new McpClient({ name: "journey", version: "1.0.0" });
    await agent.connect(
      new StreamableHTTPClientTransport(new URL(`${roadbed.url}/mcp`), {
        requestInit: { headers: { authorization: `Bearer ${roadbed.token}` } },
      }),
    );
    const { tools } = await agent.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["paths_path_preview", "paths_path_run", "catalog_entity_get"]));
    const input = { path: "node-worker", values: { name: "sweeper", owner: "group:default/team-road" } };
    const preview = await agent.callTool({ name: "paths_path_preview", arguments: input });
    expect(preview.structuredContent).toMatchObject({ verdict: expect.stringMatching(/allow|warn/) });
    const started = await agent.callTool({ name: "paths_path_run", arguments: { ...input, reason: "The road needs sweeping." } });
    const { id } = started.structuredContent as { id: string };
    const done = await eventually(async () => {
      const now = await roadbed.client.call(getRun, { id });
      return ["succeeded", "failed"].includes(now.status) ? now : undefined;
    });
    expect(done, done.error).toMatchObject({ status: "succeeded", outputs: { entityRef: "component:default/sweeper" } });
    await agent.close();
  });
});

describe("faults", () => {
  test("kill -9 in the middle of a run: it goes on after the restart and nothing is made twice", async () => {
    const started = await roadbed.client.call(runPath, {
      path: "node-service",
      values: { name: "milestone", owner: "group:default/team-road" },
    });
    await eventually(async () =>
      (await roadbed.client.call(getRun, { id: started.id })).steps.some(({ status }) => status !== "open") ? true : undefined,
    );
    await roadbed.crash();
    await roadbed.restart();
    const done = await eventually(async () => {
      const now = await roadbed.client.call(getRun, { id: started.id });
      return ["succeeded", "failed", "cancelled"].includes(now.status) ? now : undefined;
    }, 120_000);
    expect(done, done.error).toMatchObject({ status: "succeeded" });
    const repositories = (await roadbed.client.call(listRepositories, {})).items.filter(({ name }) => name === "milestone");
    expect(repositories).toHaveLength(1);
    expect((await roadbed.client.call(getEntity, { ref: "component:default/milestone" })).entity.metadata.name).toBe("milestone");
  });

  test("what ran before the crash runs again", async () => {
    const found = await eventually(async () => {
      const now = await workload();
      return now.health === "healthy" ? now : undefined;
    });
    expect((await fetch(found.url)).status).toBe(200);
  });

  test("a back-up made while it works brings everything back in an empty folder", async () => {
    const [copy, data] = [join(folder, "copy"), join(folder, "restored")];
    const tolls = await bucket();
    expect((await (await objectOf(roadbed, tolls))({ method: "PUT", body: "1.20" })).status).toBe(200);
    const made = await cli("backup", copy, "--data", roadbed.dataDir);
    expect(made.code, made.stderr).toBe(0);
    const again = await cli("restore", copy, "--data", data);
    expect(again.code, again.stderr).toBe(0);
    const second = await startRoadbed({ args: ["--empty", "--data", data] });
    try {
      expect((await second.client.call(getEntity, { ref: "component:default/signpost" })).hasDocs).toBe(true);
      expect((await second.client.call(listRepositories, {})).items.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["signpost", "milestone", "sweeper"]),
      );
      expect(await second.client.call(verifyAudit, {})).toMatchObject({ ok: true });
      expect(await (await (await objectOf(second, tolls))({})).text()).toBe("1.20");
    } finally {
      await second.dispose();
    }
    expect((await cli("restore", copy, "--data", data)).code).not.toBe(0);
  });

  test("the audit chain holds, and SIGTERM ends it with 0", async () => {
    expect(await roadbed.client.call(verifyAudit, {})).toMatchObject({ ok: true });
    expect(await roadbed.stop()).toBe(0);
  });
});

async function workload(): Promise<{ url: string; commit: string | undefined; health: string }> {
  const { items } = await roadbed.client.call(listWorkloads, { entityRef: "component:default/signpost" });
  return { url: items[0]?.url ?? "", commit: items[0]?.commit, health: items[0]?.health ?? "unknown" };
}

/** A bucket that is there; answers its id. */
async function bucket(): Promise<string> {
  const { id } = await roadbed.client.call(requestResource, {
    type: "bucket",
    class: "small",
    name: "tolls",
    owner: "group:default/team-road",
  });
  await eventually(async () => expect((await roadbed.client.call(showResource, { resource: id })).state).toBe("ready"));
  return id;
}

/** Asks about one object of a bucket with the credentials that its server tells. */
async function objectOf({ client }: RunningRoadbed, resource: string): Promise<(init: RequestInit) => Promise<Response>> {
  const { variables } = await client.call(revealResource, { resource });
  const at = (name: string): string => variables.find((one) => one.name === name)?.value ?? "";
  const aws = new AwsClient({
    accessKeyId: at("AWS_ACCESS_KEY_ID"),
    secretAccessKey: at("AWS_SECRET_ACCESS_KEY"),
    service: "s3",
    region: "local",
  });
  return (init) => aws.fetch(`${at("AWS_ENDPOINT_URL_S3")}/${at("S3_BUCKET")}/price.txt`, init);
}

function values(name: string, content: Record<string, unknown>): string {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const ORG = `apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: team-road, title: Road team }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: robin }
spec: { memberOf: [team-road] }
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: { name: signs }
spec: { owner: team-road }
`;
