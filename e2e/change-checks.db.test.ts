/** Proposed changes are checked on the server: told of by events and webhooks, once for each commit, and told to the host. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCatalog, migrations as catalogTables, type Catalog } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { getCheck, getCheckSarif, listChecks, overrideCheck, runCheck } from "@roadbed/contracts/standards/checks";
import { perform, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { openRepositories } from "@roadbed/git";
import { createStandards, migrations as standardsTables, type Standards } from "@roadbed/standards";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openGitHub, type GitHubDouble } from "../modules/paths/src/testing/github-double.ts";
import { openGitLab, type GitLabDouble } from "../modules/paths/src/testing/gitlab-double.ts";
import { outsideTo } from "../modules/paths/src/testing/outside-to.ts";

const folder = await mkdtemp(join(tmpdir(), "checks-"));
const repositories = openRepositories(join(folder, "git"));
const cel = createCel();
const author = { name: "Ada", email: "ada@example.org" };
let database: TestDatabase;
let catalog: Catalog;
let standards: Standards;
let github: GitHubDouble;
let gitlab: GitLabDouble;
/** Of changes at the embedded host. */
const open = new Map<string, { head: string; base: string }>();

beforeAll(async () => {
  database = await createTestDatabase([catalogTables, standardsTables]);
  [github, gitlab] = [await openGitHub(), await openGitLab()];
  catalog = createCatalog({ db: database.db, runtime: database.runtime, log: quietLog, cel });
  const [toGitHub, toGitLab] = [outsideTo(github, "github"), outsideTo(gitlab, "gitlab")];
  standards = createStandards({
    log: quietLog,
    cel,
    policies: [new URL("../policies/", import.meta.url)],
    runtime: { ...database.runtime, system: (job) => ({ ...callAs(), actor: { kind: "system", job } }) },
    scorecards: {
      db: database.db,
      things: catalog.subjects,
      folders: [],
      publicUrl: "http://localhost",
      repositories: {
        publicUrl: "http://localhost",
        placeOf: async () => ({ because: "it is not asked" }),
        embedded: {
          head: (repository, branch) => repositories.head(repository, branch),
          readFile: (repository, commit, path) => repositories.readFile(repository, commit, path),
          listFiles: (repository, commit) => repositories.listFiles(repository, commit),
          compare: async (repository, from, to) => (await repositories.differences(repository, from, to)).map(({ path }) => path),
          change: async (_ctx, id) => open.get(id),
          propose: async () => ({ id: "none", state: "ready" }),
        },
        outside: { fetch, connection: async (o) => (await toGitHub.connection(o)) ?? (await toGitLab.connection(o)) },
      },
    },
  });
});
afterAll(async () => {
  await standards.stop();
  await catalog.stop();
  await Promise.all([github.close(), gitlab.close(), cel.close()]);
  await database.drop();
  await rm(folder, { recursive: true });
});

async function ask<O extends Operation>(operation: O, input: InputOf<O>): Promise<OutputOf<O>> {
  const handler = standards.handlers.find((one) => one.operation.name === operation.name)!;
  return (await perform(database.runtime, handler, callAs(), input)) as OutputOf<O>;
}
async function hear(subscription: string, name: string, payload: object): Promise<void> {
  const found = standards.subscriptions.find((one) => one.name === subscription)!;
  await database.runtime.write(callAs(), runCheck, {}, undefined, (ctx) => found.receive(ctx, { name, payload } as never));
}
const newest = async (change: string, repository: string) => (await ask(listChecks, { change, repository })).items[0];
const later = () => database.db.query("update standards.change_check set next_at = now() - interval '1 second' where state = 'waiting'");

const IMAGE = `registry/shop@sha256:${"a".repeat(64)}`;
const POD = (image: string, more = "") => `apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
    - name: main
      image: ${image}${more}
`;

test("at the embedded host: each commit is checked once, and what policies deny is not merged", async () => {
  await repositories.init("shop");
  const commit = async (branch: string, image: string, onto?: string): Promise<string> =>
    (
      await repositories.commitFiles("shop", {
        branch,
        files: [{ path: "deploy/pod.yaml", content: POD(image) }],
        message: "m",
        author,
        ...(onto === undefined ? {} : { onto, expectedParent: null }),
      })
    ).hash;
  const base = await commit("main", IMAGE);
  const bad = await commit("work", "shop:latest", base);
  open.set("chg_1", { head: bad, base });
  const told = { changeId: "chg_1", repository: "shop", key: "k" };
  await hear("standards.check-changes", "delivery.change.opened", told);
  await hear("standards.check-changes", "delivery.change.opened", told);
  await standards.lookAtChecks();
  const check = (await newest("chg_1", "shop"))!;
  expect(check).toMatchObject({ state: "done", head: bad, told: true });
  const { result } = await ask(getCheck, { id: check.id });
  expect(result?.findings.find(({ policy }) => policy === "images-pinned")).toMatchObject({ introduced: true, file: "deploy/pod.yaml" });
  expect(await ask(getCheckSarif, { id: check.id })).toMatchObject({ version: "2.1.0" });
  const merge = (head: string) =>
    database.runtime.write(callAs(), runCheck, {}, undefined, (ctx) =>
      standards.gateOfChange(ctx, { repository: "shop", id: "chg_1", base, head }),
    );
  if (check.verdict === "deny") await expect(merge(bad)).rejects.toThrow(/Policies deny what the change brings/);
  else await merge(bad);
  // A commit that nobody looked at yet is looked at before it is merged.
  const good = await commit("work", IMAGE);
  await merge(good);
  expect((await newest("chg_1", "shop"))!).toMatchObject({ head: good, state: "done" });
});

test("what cannot be checked is not merged, until an administrator says why it may", async () => {
  await repositories.init("plant");
  const commit = async (branch: string, files: readonly { path: string; content: string }[], onto?: string): Promise<string> =>
    (
      await repositories.commitFiles("plant", {
        branch,
        files,
        message: "m",
        author,
        ...(onto === undefined ? {} : { onto, expectedParent: null }),
      })
    ).hash;
  const base = await commit("main", [{ path: "old/broken.yaml", content: "a: [1" }]);
  const gate = (id: string, head: string) =>
    database.runtime.write(callAs(), runCheck, {}, undefined, (ctx) =>
      standards.gateOfChange(ctx, { repository: "plant", id, base, head }),
    );
  // What could not be read before stops nobody.
  await gate("chg_same", await commit("same", [{ path: "README.yaml", content: "a: 1\n" }], base));
  const broken = await commit("broken", [{ path: "deploy/kustomization.yaml", content: "resources: [none.yaml]\n" }], base);
  await expect(gate("chg_broken", broken)).rejects.toThrow(/cannot be checked: .*none.yaml/);
  const many = await commit(
    "many",
    Array.from({ length: 501 }, (_, i) => ({ path: `deploy/${i}.yaml`, content: POD(IMAGE) })),
    base,
  );
  await expect(gate("chg_many", many)).rejects.toThrow(/cannot be checked: .*501 manifests/);

  await hear("standards.check-changes", "delivery.change.opened", { changeId: "chg_kept", repository: "plant", key: "k" });
  open.set("chg_kept", { head: broken, base });
  await hear("standards.check-changes", "delivery.change.opened", { changeId: "chg_kept", repository: "plant", key: "k" });
  await standards.lookAtChecks();
  const check = (await newest("chg_kept", "plant"))!;
  expect(check).toMatchObject({ state: "done", verdict: "unknown" });
  expect(await ask(overrideCheck, { id: check.id, reason: "The chart comes with the next change." })).toMatchObject({
    override: { reason: "The chart comes with the next change." },
  });
  await gate("chg_kept", broken);
  expect(await newest("chg_kept", "plant")).toMatchObject({ override: { by: expect.any(String) } });
  // Looked at again, it stands by itself again.
  await ask(runCheck, { id: check.id });
  await expect(gate("chg_kept", broken)).rejects.toThrow(/cannot be checked/);

  const bad = await commit(
    "bad",
    [{ path: "deploy/pod.yaml", content: POD("shop:latest", "\n      securityContext:\n        privileged: true") }],
    base,
  );
  open.set("chg_bad", { head: bad, base });
  await hear("standards.check-changes", "delivery.change.opened", { changeId: "chg_bad", repository: "plant", key: "k" });
  const denied = (await newest("chg_bad", "plant"))!;
  await expect(ask(overrideCheck, { id: denied.id, reason: "We are in a hurry." })).rejects.toThrow(/not looked at yet/);
  await standards.lookAtChecks();
  await expect(gate("chg_bad", bad)).rejects.toThrow(/deny/);
  await expect(ask(overrideCheck, { id: denied.id, reason: "We are in a hurry." })).rejects.toThrow(/not let through/);
});

test("at GitHub: a webhook's pull request is checked, told by comment, check run and edit; a host that is down is asked again", async () => {
  github.seed("web", { "pod.yaml": POD(IMAGE) });
  const repository = github.all.get("acme/web")!;
  const base = repository.refs.get("main")!;
  const head = github.commitTo("web", "work", { "pod.yaml": POD("shop:latest", "\n      securityContext:\n        privileged: true") });
  const proposed = { sourceId: "src", system: "github", host: github.host, repository: "acme/web", number: "7", head, base, state: "open" };
  await hear("standards.check-requests", "catalog.change.proposed", proposed);
  github.fault = ({ path }) => (path.includes("/compare/") ? "drop" : undefined);
  await standards.lookAtChecks();
  expect(await newest("7", "acme/web")).toMatchObject({ state: "waiting", reason: expect.stringContaining("cannot be reached") });
  github.fault = ({ method, path }) =>
    method === "POST" && path.endsWith("/check-runs")
      ? { status: 403, headers: { "retry-after": "1" }, body: { message: "rate limit exceeded" } }
      : undefined;
  await later();
  await standards.lookAtChecks();
  expect(await newest("7", "acme/web")).toMatchObject({
    state: "waiting",
    reason: expect.stringContaining("no more calls"),
    introduced: expect.any(Number),
  });
  github.fault = () => undefined;
  await later();
  await standards.lookAtChecks();
  const check = (await newest("7", "acme/web"))!;
  expect(check).toMatchObject({ state: "done", told: true });
  expect(check.introduced).toBeGreaterThan(0);
  // The comment was written before the host wanted to be left alone, and is edited, not written again.
  expect(repository.comments).toHaveLength(1);
  expect(repository.comments[0]!.body).toContain(`http://localhost/standards/checks/${check.id}`);
  expect(repository.checks).toHaveLength(1);
  expect(repository.checks[0]).toMatchObject({
    head_sha: head,
    output: { annotations: expect.arrayContaining([expect.objectContaining({ path: "pod.yaml" })]) },
  });
  expect(repository.edits.map(({ body }) => body).join()).toContain("```suggestion\n        privileged: false\n```");
});

test("a newer commit takes the place of one that waits; a repository without a connection is said to be unchecked", async () => {
  github.seed("late", { "pod.yaml": POD(IMAGE) });
  const base = github.all.get("acme/late")!.refs.get("main")!;
  const heads = ["a", "b"].map((name) => github.commitTo("late", name, { "pod.yaml": POD(`shop:${name}`) }));
  const proposed = { sourceId: "src", system: "github", host: github.host, repository: "acme/late", number: "1", base, state: "open" };
  for (const head of heads) await hear("standards.check-requests", "catalog.change.proposed", { ...proposed, head });
  await standards.lookAtChecks();
  const { items } = await ask(listChecks, { repository: "acme/late" });
  expect(items.map(({ head, state }) => [head, state])).toEqual([
    [heads[1], "done"],
    [heads[0], "superseded"],
  ]);
  await hear("standards.check-requests", "catalog.change.proposed", { ...proposed, host: "git.example.org", head: "c" });
  await standards.lookAtChecks();
  expect((await ask(listChecks, { state: "failed" })).items[0]).toMatchObject({
    reason: expect.stringContaining("No connection to git.example.org"),
  });
});

test("at GitLab: one note, a status of the commit, and an edit at its line", async () => {
  const project = gitlab.seed("acme/api", { "pod.yaml": POD(IMAGE) });
  project.branches.set("work", {
    message: "m",
    files: new Map([["pod.yaml", POD("shop:latest", "\n      securityContext:\n        privileged: true")]]),
  });
  project.requests.push({ iid: 1, source_branch: "work", target_branch: "main", diff_refs: { base_sha: "main", start_sha: "main" } });
  const proposed = {
    sourceId: "src",
    system: "gitlab",
    host: gitlab.host,
    repository: "acme/api",
    number: "1",
    head: "work",
    base: "main",
    state: "open",
  };
  await hear("standards.check-requests", "catalog.change.proposed", proposed);
  await standards.lookAtChecks();
  const check = (await newest("1", "acme/api"))!;
  expect(check).toMatchObject({ state: "done", told: true });
  expect(check.reason).toBeUndefined();
  await ask(runCheck, { id: check.id });
  await standards.lookAtChecks();
  expect(project.notes).toHaveLength(1);
  expect(project.statuses).toHaveLength(2);
  expect(project.discussions.map(({ body }) => body).join()).toContain("```suggestion:-0+0");
});
