/** What people, pages and programs that mean harm (or do not know better) cannot do, and servers that share a database. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { importSource, listEntities } from "@roadbed/contracts/catalog";
import { listRepositories, listWorkloads } from "@roadbed/contracts/delivery";
import { createUser, listAudit, getMe } from "@roadbed/contracts/identity";
import { getRun, runPath } from "@roadbed/contracts/paths";
import { openIncident } from "@roadbed/contracts/telemetry";
import type { Logger } from "@roadbed/core";
import { createClient, type Client } from "@roadbed/face-client";
import { startPostgres, type EmbeddedPostgres } from "@roadbed/postgres";

import { eventually, startRoadbed, type RunningRoadbed } from "./lib/start-roadbed.ts";

const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roadbed-adversity-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a developer who wants more", () => {
  let roadbed: RunningRoadbed;
  let cookie: string;
  let token: string;
  let developer: Client;

  beforeAll(async () => {
    roadbed = await startRoadbed();
    const password = "a long enough password";
    await roadbed.client.call(createUser, { username: "dev", displayName: "Dev", role: "developer", password });
    const browser = { "content-type": "application/json", "x-roadbed-csrf": "1", origin: roadbed.url };
    const signedIn = await fetch(`${roadbed.url}/auth/password`, {
      method: "POST",
      headers: browser,
      body: JSON.stringify({ username: "dev", password }),
    });
    cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const scopes = [
      "catalog:read",
      "catalog:write",
      "paths:read",
      "paths:write",
      "delivery:read",
      "git:read",
      "git:write",
      "identity:self",
    ];
    const made = await fetch(`${roadbed.url}/api/v1/tokens`, {
      method: "POST",
      headers: { ...browser, cookie },
      body: JSON.stringify({ name: "mine", scopes }),
    });
    token = ((await made.json()) as { secret: string }).secret;
    developer = createClient({ url: roadbed.url, token });
  });
  afterAll(() => roadbed?.dispose());

  test("cannot have the server read its own machine, however the address is spelt, and each try is audited", async () => {
    writeFileSync(
      join(folder, "catalog-info.yaml"),
      "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: a }\nspec: { type: team, children: [] }\n",
    );
    const spellings = [folder, `file://${folder}`, `FILE://localhost${folder}`, ` ${folder}`, `file:${folder}`, `${folder}\0`, "/"];
    for (const target of spellings)
      await expect(developer.call(importSource, { target }), JSON.stringify(target)).rejects.toMatchObject({
        code: "FORBIDDEN",
        mend: expect.stringContaining("Git"),
      });
    const { items } = await roadbed.client.call(listAudit, { operation: importSource.name });
    expect(items.filter(({ outcome }) => outcome === "denied")).toHaveLength(spellings.length);
    expect((await roadbed.client.call(importSource, { target: folder, watch: false })).counts.registered).toBe(1);
  });

  test("nor by way of a golden path of their own", async () => {
    const values = { name: "trojan", owner: "group:default/a" };
    const first = await developer.call(runPath, { path: "static-site", values });
    await finished(developer, first.id);
    const clone = join(folder, "trojan");
    git("clone", "-q", roadbed.url.replace("://", `://x:${token}@`) + "/git/trojan.git", clone);
    writeFileSync(join(clone, "template.yaml"), TROJAN(folder));
    git("-C", clone, "add", ".");
    git("-C", clone, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x");
    git("-C", clone, "push", "-q", "origin", "HEAD:main");
    const run = await eventually(() => developer.call(runPath, { path: "read-the-machine", values: {} }));
    const ended = await finished(developer, run.id);
    expect(ended.status).toBe("failed");
    expect(ended.error ?? ended.steps[0]?.error).toContain("Only an administrator");
  });

  test("a page of a workload sends telemetry or hooks with nobody's cookie, and lives on another host than the platform", async () => {
    const body = JSON.stringify({ resourceSpans: [] });
    for (const path of ["/v1/traces", "/hooks/push"]) {
      const answer = await fetch(roadbed.url + path, { method: "POST", headers: { cookie, "content-type": "application/json" }, body });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    // Cookies know hosts but no ports: the platform calls itself by another host than its workloads.
    const { items: workloads } = await developer.call(listWorkloads, {});
    const { items: repositories } = await developer.call(listRepositories, {});
    const hostOf = (url: string | undefined): string => new URL(url ?? "").hostname;
    expect(hostOf(workloads.find(({ url }) => url !== undefined)?.url)).not.toBe(hostOf(repositories[0]?.cloneUrl));
  });

  test.each([
    ["/api/v1/paths/ssh%3A%2F%2F-oProxyCommand", "path"],
    ["/api/v1/runs?path=", "path"],
    ["/api/v1/telemetry/services?to=9999-12-31T23:59:59Z", "to"],
    ["/api/v1/traces?minMs=1e308", "minMs"],
    ["/api/v1/audit?cursor=Ijk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSI", "cursor"],
    ["/api/v1/repositories?cursor=zzz", "cursor"],
  ])("%s is refused by the name of its field", async (path, field) => {
    const answer = await fetch(roadbed.url + path, { headers: { authorization: `Bearer ${roadbed.token}` } });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { problems: { at: string }[] }).problems).toMatchObject([{ at: field }]);
  });

  test("half a character in a text is the caller's to mend", async () => {
    await expect(roadbed.client.call(openIncident, { title: "t", service: "\ud800" })).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("two servers on one database", () => {
  let postgres: EmbeddedPostgres;
  const servers: RunningRoadbed[] = [];

  beforeAll(async () => {
    postgres = await startPostgres({ dataDir: join(folder, "postgres"), log });
    const env = { DATABASE_URL: postgres.url, ROADBED_SECRET_KEY: "7".repeat(64) };
    servers.push(...(await Promise.all([startRoadbed({ env }), startRoadbed({ env })])));
  });
  afterAll(async () => {
    for (const server of servers) await server.dispose();
    await postgres?.stop();
  });

  test("start together, take each other's tokens, see each other's writes and tell each other's events", async () => {
    const [one, two] = servers as [RunningRoadbed, RunningRoadbed];
    for (const { url } of servers)
      for (const { token } of servers) expect((await createClient({ url, token }).call(getMe, {})).scopes).toContain("*");
    const heard = await Promise.all(servers.map(listen));
    const incident = await one.client.call(openIncident, { title: "heard everywhere", service: "orders" });
    await eventually(async () => (heard.every((text) => text().includes(incident.id)) ? true : undefined), 10_000);
    await one.client.call(importSource, { target: folder, watch: false });
    await eventually(async () => ((await two.client.call(listEntities, { filter: "kind=group" })).total === 1 ? true : undefined), 10_000);
  });

  test("a run goes on at the one when the other is killed", async () => {
    const [one, two] = servers as [RunningRoadbed, RunningRoadbed];
    const { id } = await one.client.call(runPath, { path: "node-worker", values: { name: "survivor", owner: "group:default/a" } });
    await one.crash();
    expect(await finished(two.client, id)).toMatchObject({ status: "succeeded" });
  });
});

function finished(client: Client, id: string) {
  return eventually(async () => {
    const run = await client.call(getRun, { id });
    return ["succeeded", "failed", "cancelled"].includes(run.status) ? run : undefined;
  });
}

/** Listens to a server's events; what it has heard so far, as text. */
async function listen({ url, token }: RunningRoadbed): Promise<() => string> {
  let text = "";
  const { body } = await fetch(`${url}/api/v1/stream`, { headers: { authorization: `Bearer ${token}` } });
  void (async () => {
    for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => {});
  return () => text;
}

function git(...args: string[]): void {
  const { status, stderr } = spawnSync("git", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args[0]} failed: ${stderr}`);
}

function TROJAN(target: string): string {
  return `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: read-the-machine, title: Read the machine }
spec:
  type: service
  owner: group:default/a
  parameters: []
  steps:
    - { id: read, name: Read, action: "catalog:register", input: { catalogInfoUrl: "file://${target}" } }
`;
}
