import type { ProvisionedResource, ResourceDetail, ResourcePlan } from "@roadbed/contracts/paths/resources";
import type { Repositories } from "@roadbed/git";
import { eventually } from "@roadbed/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";

import type { PathsDeps } from "../../deps.ts";
import { createBench, type Bench } from "../../testing/bench.suite.ts";
import { openGitHub, type GitHubDouble } from "../../testing/github-double.ts";
import { outsideTo, TOKEN } from "../../testing/outside-to.ts";
import { entity } from "../../testing/ports.ts";
import { folderOf } from "../../testing/preview.ts";

const TEAM = "group:default/team-a";
const CACHE = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: "\${{ name }}", labels: { owner: "\${{ owner }}" } }
spec: { replicas: "\${{ inputs.replicas }}", template: { spec: { containers: [{ name: cache, image: "\${{ inputs.image }}" }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: "\${{ name }}" }
`;
let bench: Bench;
let github: GitHubDouble;
/** How often the host answers nothing although it has committed. */
let lost = 0;
let commits = 0;

beforeAll(async () => {
  github = await openGitHub();
  bench = await createBench(await folderOf({}), {
    deps: (repositories) => ({ outside: outsideTo(github, "github"), git: gitOf(repositories) as PathsDeps["git"] }),
  });
  bench.world.entities.set(TEAM, entity("Group", "team-a"));
  await bench.repositories.init("gitops");
  await bench.push("gitops", [{ path: "README.md", content: "What runs where.\n" }]);
  await saveClass(
    "cache",
    "small",
    [module("kubernetes", { repository: "gitops", replicas: 1, image: `cache@sha256:${"1".repeat(64)}` })],
    { "manifests/cache.yaml": CACHE },
  );
  await saveClass("cache", "large", [module("kubernetes", { repository: "gitops", replicas: 3, image: "cache:latest" })], {
    "manifests/cache.yaml": CACHE,
  });
  const claim = {
    apiVersion: "database.example.org/v1",
    kind: "PostgreSQLInstance",
    namespace: "team-a",
    spec: { parameters: { storageGb: "${{ inputs.storageGb }}" } },
  };
  await saveClass(
    "sql",
    "small",
    [module("crossplane", { ...claim, repository: `https://${github.host}/acme/gitops`, storageGb: 20 })],
    {},
  );
}, 120_000);
afterAll(async () => {
  await bench.close();
  await github.close();
});

const module = (provisioner: string, inputs: object): object => ({ environments: ["*"], provisioner, inputs });
function gitOf(repositories: Repositories): Partial<PathsDeps["git"]> {
  return {
    repositoryExists: (_ctx, name) => repositories.exists(name),
    async commitToRepository(_ctx, { repository, parent, ...rest }) {
      const { hash } = await repositories.commitFiles(repository, { ...rest, expectedParent: parent });
      commits++;
      if (lost-- > 0) throw new Error("the host went away");
      return { commit: hash };
    },
  };
}
async function saveClass(type: string, of: string, modules: object[], files: Record<string, string>): Promise<void> {
  const yaml = stringify({
    apiVersion: "roadbed.dev/v1",
    kind: "ResourceClass",
    metadata: { name: `${type}-${of}`, title: of },
    spec: { type, class: of, open: ["storageGb"], modules },
  });
  const folder = Object.entries({ "class.yaml": yaml, ...files }).map(([path, text]) => ({
    path,
    base64: Buffer.from(text).toString("base64"),
  }));
  await bench.call("paths.resource-class.save", { folder });
}
const request = (input: object): Promise<ProvisionedResource> =>
  bench.call("paths.resource.request", { type: "cache", class: "small", owner: TEAM, ...input });
const settled = (id: string): Promise<ResourceDetail> =>
  eventually(async () => {
    const found = await bench.call<ResourceDetail>("paths.resource.show", { resource: id });
    expect(["ready", "failed", "destroyed"]).toContain(found.state);
    return found;
  }, 60_000);
const fileOf = async (path: string): Promise<string | undefined> => {
  const bytes = await bench.repositories.readFile("gitops", "refs/heads/main", path);
  return bytes && Buffer.from(bytes).toString();
};

test("a plan is the manifests as they would lie in Git, and policies see them", async () => {
  const plan = await bench.call<ResourcePlan>("paths.resource.plan", { type: "cache", class: "small", name: "sessions", owner: TEAM });
  expect(plan).toMatchObject({ provisioner: "kubernetes", words: "Changes 1 file in resources/dev/sessions of gitops.", verdict: "allow" });
  expect(plan.changes).toMatchObject([{ action: "create", kind: "File", name: "cache.yaml" }]);
  expect(plan.changes[0]?.diff).toContain("+  replicas: 1");
  const denied = await settled((await request({ name: "sessions", class: "large" })).id);
  expect(denied).toMatchObject({ state: "failed", error: "Policy says no: The image cache:latest is not pinned." });
  expect(await fileOf("resources/dev/sessions/cache.yaml")).toBeUndefined();
  await bench.call("paths.resource.destroy", { resource: denied.id, name: "sessions" });
  await settled(denied.id);
});

test("apply is one commit that names the resource; what is otherwise in Git is drift; a retry mends it; destroy takes it away", async () => {
  lost = 1;
  commits = 0;
  const made = await settled((await request({ name: "sessions" })).id);
  // The host committed, and went away before it said so: nothing is committed twice.
  expect([made.state, made.error, commits]).toEqual(["ready", undefined, 1]);
  const [commit] = await bench.repositories.log("gitops", { ref: "refs/heads/main", limit: 1 });
  expect(commit?.message).toBe(`Make cache/small sessions in dev\n\nRoadbed-Resource: ${made.id}\nRoadbed-Generation: 1`);
  expect(made).toMatchObject({
    seen: "present",
    drift: [],
    facts: { repository: "gitops", folder: "resources/dev/sessions", files: 1, commit: commit?.hash },
  });

  const path = "resources/dev/sessions/cache.yaml";
  const before = (await fileOf(path))!;
  await bench.push("gitops", [{ path, content: before.replace("replicas: 1", "replicas: 9") }], { message: "More of it", by: "Ben" });
  const check = () => bench.call<ProvisionedResource>("paths.resource.check", { resource: made.id });
  expect((await check()).drift).toMatchObject([
    { what: "cache.yaml", wanted: "as applied", found: expect.stringMatching(/^1 lines more, 1 less by Ben.* \(More of it\)$/) },
  ]);
  await bench.call("paths.resource.retry", { resource: made.id });
  expect(await settled(made.id)).toMatchObject({ state: "ready", drift: [] });
  expect(await fileOf(path)).toBe(before);

  await bench.push("gitops", [], { removed: [path] });
  expect(await check()).toMatchObject({ seen: "gone", seenWords: "Git has nothing of it" });
  await bench.call("paths.resource.retry", { resource: made.id });
  await settled(made.id);
  await bench.push("gitops", [{ path: "resources/dev/sessions/theirs.yaml", content: "a: 1\n" }]);
  await bench.call("paths.resource.destroy", { resource: made.id, name: "sessions" });
  expect(await settled(made.id)).toMatchObject({ state: "destroyed" });
  // What somebody else put there stays.
  expect([await fileOf(path), await fileOf("resources/dev/sessions/theirs.yaml")]).toEqual([undefined, "a: 1\n"]);
});

test("what cannot be done is said before anything is begun", async () => {
  await bench.push("gitops", [{ path: "resources/dev/taken/cache.yaml", content: "a: 1\n" }]);
  expect(await settled((await request({ name: "taken" })).id)).toMatchObject({
    state: "failed",
    error: expect.stringContaining("was not made for this resource"),
  });
  await saveClass("cache", "broken", [module("kubernetes", { repository: "nowhere" })], {
    "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: '${{ inputs.nme }}' }\n",
  });
  const broken = await settled((await request({ name: "broken", class: "broken" })).id);
  expect(broken.error).toContain("repository nowhere not found");
});

test("at GitHub it is proposed, once, and is there when somebody has merged it", async () => {
  await fetch(`${github.url}/api/v3/orgs/acme/repos`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ name: "gitops" }),
  });
  const author = { name: "Ada", email: "ada@example.org" };
  const begun = await github.repositories.commitFiles("acme--gitops", {
    branch: "main",
    files: [{ path: "README.md", content: "x" }],
    message: "Begin",
    author,
    expectedParent: null,
  });
  const made = await settled((await request({ type: "sql", name: "ledger", params: { storageGb: 50 } })).id);
  expect([made.state, made.error]).toEqual(["ready", undefined]);
  expect(made).toMatchObject({
    seenWords: "Proposed, not merged yet",
    drift: [{ what: "proposal", found: expect.stringContaining("/pull/") }],
  });
  const branch = github.all.get("acme/gitops")!.refs.get(`roadbed/ledger-dev-${made.id.slice(-6).toLowerCase()}-1`)!;
  const text = github.trees.get(github.commits.get(branch)!.tree)!.get("resources/dev/ledger/claim.yaml")!;
  expect(text).toContain("storageGb: 50\n");
  expect(github.all.get("acme/gitops")!.pulls).toHaveLength(1);
  // Somebody merges it.
  const files = [{ path: "resources/dev/ledger/claim.yaml", content: text }];
  await github.repositories.commitFiles("acme--gitops", { branch: "main", files, message: "Merge", author, expectedParent: begun.hash });
  const seen = await bench.call<ProvisionedResource>("paths.resource.check", { resource: made.id });
  expect(seen).toMatchObject({ seen: "present", drift: [], seenWords: `1 file in resources/dev/ledger of ${github.host}/acme/gitops` });
  // What the connector of a cluster has told the catalogue.
  const claims = {
    one: { cluster: "prod", namespace: "team-a", name: "ledger-dev", ready: false, message: "Creating: waits for its subnet" },
  };
  const known = entity("Resource", "ledger");
  bench.world.entities.set("resource:default/ledger", { ...known, spec: { ...known.spec, claims } });
  expect(await bench.call<ProvisionedResource>("paths.resource.check", { resource: made.id })).toMatchObject({
    seenWords: expect.stringMatching(/; not ready in prod \(Creating: waits for its subnet\)$/),
    facts: { ready: false },
  });
});
