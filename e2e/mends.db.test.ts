/** A failing rule that has a mend opens the change: at the embedded host, at GitHub and at GitLab, once, wave by wave, and followed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCatalog, migrations as catalogTables, type Catalog } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { saveEntity } from "@roadbed/contracts/catalog/kinds";
import { saveCampaign } from "@roadbed/contracts/standards/campaigns";
import { listMends, mendCampaign, openMend, previewMend } from "@roadbed/contracts/standards/mends";
import { saveScorecard } from "@roadbed/contracts/standards/scorecards";
import { getEntityScores, type RuleResult } from "@roadbed/contracts/standards/scores";
import { perform, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { openRepositories } from "@roadbed/git";
import { createStandards, migrations as standardsTables, type Standards } from "@roadbed/standards";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openGitHub, type GitHubDouble } from "../modules/paths/src/testing/github-double.ts";
import { openGitLab, type GitLabDouble } from "../modules/paths/src/testing/gitlab-double.ts";
import { outsideTo } from "../modules/paths/src/testing/outside-to.ts";

const folder = await mkdtemp(join(tmpdir(), "mends-"));
const repositories = openRepositories(join(folder, "git"));
const cel = createCel();
const proposed: { key: string; branch: string; base: string }[] = [];
let database: TestDatabase;
let catalog: Catalog;
let standards: Standards;
let github: GitHubDouble;
let gitlab: GitLabDouble;

beforeAll(async () => {
  database = await createTestDatabase([catalogTables, standardsTables]);
  [github, gitlab] = [await openGitHub(), await openGitLab()];
  catalog = createCatalog({ db: database.db, runtime: database.runtime, log: quietLog, cel });
  const [toGitHub, toGitLab] = [outsideTo(github, "github"), outsideTo(gitlab, "gitlab")];
  standards = createStandards({
    log: quietLog,
    cel,
    policies: [],
    runtime: { ...database.runtime, system: (job) => ({ ...callAs(), actor: { kind: "system", job } }) },
    scorecards: {
      db: database.db,
      things: catalog.subjects,
      folders: [],
      publicUrl: "http://localhost",
      repositories: {
        publicUrl: "http://localhost",
        placeOf: async (ref) => {
          const name = ref.slice(ref.indexOf("/") + 1);
          const at = { branch: undefined, path: "catalog-info.yaml" };
          if (name.startsWith("hub")) return { system: "github", host: github.host, repository: `acme/${name}`, ...at };
          if (name.startsWith("lab")) return { system: "gitlab", host: gitlab.host, repository: `acme/${name}`, ...at };
          if (name.startsWith("own")) return { system: "embedded", host: "", repository: name, ...at };
          return { because: "its files stand in a folder of the server" };
        },
        embedded: {
          head: (repository, branch) => repositories.head(repository, branch),
          readFile: (repository, commit, path) => repositories.readFile(repository, commit, path),
          propose: async (_ctx, { repository, branch, base, files, key, author, title }) => {
            await repositories.commitFiles(repository, { branch, onto: base, expectedParent: null, files, message: title, author });
            proposed.push({ key, branch, base });
            return { id: "chg_1", state: "ready" };
          },
        },
        outside: { fetch, connection: async (o) => (await toGitHub.connection(o)) ?? (await toGitLab.connection(o)) },
      },
    },
  });
  await ask(saveScorecard, { scorecard: SCORECARD });
});
afterAll(async () => {
  await standards.stop();
  await catalog.stop();
  await Promise.all([github.close(), gitlab.close(), cel.close()]);
  await database.drop();
  await rm(folder, { recursive: true });
});

const SCORECARD = {
  apiVersion: "roadbed.dev/v1",
  kind: "Scorecard",
  metadata: { name: "mine", title: "Mine" },
  spec: {
    levels: [{ name: "one", title: "One" }],
    rules: [
      {
        id: "described",
        title: "Described",
        level: "one",
        expression: "has(entity.metadata.description)",
        message: "It is not described.",
        mend: {
          say: "Describe it.",
          title: "Describe it",
          values: [{ name: "text", title: "What it is", default: "A shop." }],
          files: [
            { set: "catalog-info", key: "metadata.description", value: "{{ values.text }}" },
            { create: "README.md", content: "# {{ entity.metadata.name }}" },
          ],
        },
      },
      { id: "plain", title: "Plain", level: "one", expression: "has(entity.spec.system)", message: "m", mend: "By hand." },
    ],
  },
};
const DESCRIPTOR = "kind: Component # mine\nmetadata:\n  name: x\n";

async function ask<O extends Operation>(operation: O, input: InputOf<O>): Promise<OutputOf<O>> {
  const handler = [...catalog.handlers, ...standards.handlers].find((one) => one.operation.name === operation.name)!;
  return (await perform(database.runtime, handler, callAs(), input)) as OutputOf<O>;
}
const refOf = (name: string): string => `component:default/${name}`;
async function put(...names: readonly string[]): Promise<void> {
  for (const name of names)
    await ask(saveEntity, {
      entity: {
        apiVersion: "backstage.io/v1alpha1",
        kind: "Component",
        metadata: { name },
        spec: { type: "service", lifecycle: "production", owner: "red" },
      },
    });
  await standards.scorecards!.settled();
}
const look = () => standards.scorecards!.lookAtMends();
async function resultOf(name: string): Promise<RuleResult | undefined> {
  const { scores } = await ask(getEntityScores, { ref: refOf(name) });
  return scores[0]?.rules.find(({ id }) => id === "described");
}
const open = (name: string) => ask(openMend, { ref: refOf(name), scorecard: "mine", rule: "described" });
/** As if the time had come. */
const later = () => database.db.query("update standards.mend set next_at = now() - interval '1 second'");

test("at the embedded host: shown before, opened once, and merged when the host says so", async () => {
  await put("own-a");
  await repositories.init("own-a");
  const author = { name: "Ada", email: "ada@example.org" };
  await repositories.commitFiles("own-a", {
    branch: "main",
    files: [{ path: "catalog-info.yaml", content: DESCRIPTOR }],
    message: "first",
    author,
  });
  const shown = await ask(previewMend, { ref: refOf("own-a"), scorecard: "mine", rule: "described", values: { text: "It sells." } });
  expect(shown.files).toEqual([
    { path: "catalog-info.yaml", before: DESCRIPTOR, after: "kind: Component # mine\nmetadata:\n  name: x\n  description: It sells.\n" },
    { path: "README.md", after: "# own-a\n" },
  ]);
  expect(await resultOf("own-a")).toMatchObject({
    outcome: "fail",
    mend: "Describe it.",
    patch: { title: "Describe it", values: [{ name: "text" }] },
  });
  const asked = await Promise.all([open("own-a"), open("own-a")]);
  expect(asked[0].id).toBe(asked[1].id);
  await look();
  await look();
  expect(proposed).toHaveLength(1);
  expect((await resultOf("own-a"))?.change).toMatchObject({
    state: "open",
    link: "http://localhost/delivery/changes/chg_1",
    repository: "own-a",
  });
  const followed = standards.subscriptions.find(({ name }) => name === "standards.follow-mends")!;
  await database.runtime.write(callAs(), openMend, {}, undefined, (ctx) =>
    followed.receive(ctx, {
      name: "delivery.change.merged",
      payload: { changeId: "chg_1", repository: "own-a", key: proposed[0]!.key, commit: "c" },
    } as never),
  );
  expect((await resultOf("own-a"))?.change).toMatchObject({ state: "merged" });
});

test("at GitHub: a host that breaks off in the middle is asked again, and there is one pull request, followed until it is merged", async () => {
  await put("hub-a");
  github.seed("hub-a", { "catalog-info.yaml": DESCRIPTOR });
  await open("hub-a");
  github.fault = ({ method, path }) => (method === "POST" && path.endsWith("/pulls") ? "after" : undefined);
  await look();
  expect((await resultOf("hub-a"))?.change).toMatchObject({ state: "waiting", reason: expect.stringContaining("cannot be reached") });
  github.fault = () => undefined;
  await later();
  await look();
  const { pulls, refs } = github.all.get("acme/hub-a")!;
  expect(pulls).toHaveLength(1);
  expect(pulls[0]).toMatchObject({ title: "Describe it", base: "main", body: expect.stringContaining("mine/described") });
  expect([...github.trees.get(github.commits.get(refs.get(pulls[0].head)!)!.tree)!]).toContainEqual(["README.md", "# hub-a\n"]);
  expect((await resultOf("hub-a"))?.change).toMatchObject({ state: "open", link: pulls[0].html_url });
  pulls[0].merged = true;
  await later();
  await look();
  expect((await resultOf("hub-a"))?.change).toMatchObject({ state: "merged" });
});

test("what cannot be mended says why, and only what fails is", async () => {
  await put("folder-a", "hub-none");
  await expect(ask(openMend, { ref: refOf("folder-a"), scorecard: "mine", rule: "plain" })).rejects.toThrow(/no mend that could be made/);
  await open("folder-a");
  await open("hub-none");
  await look();
  expect((await resultOf("folder-a"))?.change).toMatchObject({
    state: "refused",
    reason: expect.stringContaining("its files stand in a folder of the server"),
  });
  expect((await resultOf("hub-none"))?.change).toMatchObject({ state: "refused", reason: expect.stringContaining("not") });
});

test("a campaign opens them wave by wave, and counts what became of them", async () => {
  await put("lab-a", "lab-b", "lab-c");
  for (const name of ["lab-a", "lab-b", "lab-c"]) gitlab.seed(`acme/${name}`, { "catalog-info.yaml": DESCRIPTOR });
  await ask(saveCampaign, { name: "words", title: "Words", scorecard: "mine", rules: ["described"], deadline: "2999-01-01" });
  const refs = ["lab-a", "lab-b", "lab-c"].map(refOf);
  const asked = { name: "words", rule: "described", refs, perWave: 2 };
  expect(await ask(mendCampaign, asked)).toEqual({ added: 3, known: 0, waves: 2 });
  expect(await ask(mendCampaign, asked)).toEqual({ added: 0, known: 3, waves: 0 });
  await look();
  const counts = async () => (await ask(listMends, { campaign: "words" })).counts;
  expect(await counts()).toMatchObject({ open: 2, waiting: 1 });
  for (const project of gitlab.projects)
    for (const request of project.requests) request.state = project.path.endsWith("a") ? "merged" : "closed";
  await later();
  await look();
  await look();
  expect(await counts()).toEqual({ waiting: 0, open: 1, merged: 1, closed: 1, refused: 0 });
});
