/** Promotions are proposed at the mirror's host, too: a merge there is the vote of whoever made it, by the rules of here. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { getChange } from "@roadbed/contracts/delivery/changes";
import type { Mirror } from "@roadbed/contracts/delivery/mirror";
import type { getPromotion, Promotion } from "@roadbed/contracts/delivery/promotions";
import { changeProposed } from "@roadbed/contracts/catalog/changes";
import { ForbiddenError, perform, type Actor, type Call, type OutputOf } from "@roadbed/core";
import { migrations, type DeliveryDeps } from "@roadbed/delivery";
import { openRequests } from "@roadbed/standards";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { service } from "../modules/delivery/src/fixtures/apps.ts";
import { startServer, type TestServer } from "../modules/delivery/src/fixtures/server.ts";
import { pushRepository } from "../modules/delivery/src/internal-operations.ts";
import { openGitHub, type GitHubDouble } from "../modules/paths/src/testing/github-double.ts";
import { openGitLab, type GitLabDouble } from "../modules/paths/src/testing/gitlab-double.ts";
import { outsideTo, TOKEN } from "../modules/paths/src/testing/outside-to.ts";

type Detail = OutputOf<typeof getPromotion>;
type ChangeDetail = OutputOf<typeof getChange>;

const GITOPS = "platform-delivery";
const author = { name: "Ada Example", email: "ada@example.org" };
const ada = { actor: { kind: "user", id: "ada", name: "Ada" } } as const;
const bob = { actor: { kind: "user", id: "bob", name: "Bob" } } as const;
const KNOWN = new Map<string, Actor>([
  ["ada-there", ada.actor],
  ["bob-there", bob.actor],
]);
let verdict: "allow" | "deny" = "allow";
let database: TestDatabase;
let dataDir: string;
let server: TestServer;
let github: GitHubDouble;
let gitlab: GitLabDouble;
let version = 1;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "requests-"));
  [github, gitlab] = [await openGitHub(), await openGitLab()];
  const make = (url: string, headers: Record<string, string>): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ name: GITOPS, path: GITOPS }),
    });
  await make(`${github.url}/api/v3/orgs/acme/repos`, { authorization: `Bearer ${TOKEN}` });
  await make(`${gitlab.url}/api/v4/projects`, { "private-token": TOKEN });
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog, ports: ports() });
  await call("delivery.environment.create", { name: "prod", upstream: ["dev"], approvals: [{ by: "owner" }], by: "pull-request" });
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, {
      name: "orders",
      description: "",
      branch: "main",
      files: service({ version: "v1" }),
      message: "first",
      author,
      key: "orders",
    }),
  );
  await released(1);
}, 120_000);
afterAll(async () => {
  await server.stop();
  await Promise.all([github.close(), gitlab.close()]);
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(() => {
  verdict = "allow";
});
afterEach(() => {
  github.fault = () => undefined;
});

test("a mirror whose host is not connected takes no requests, and says what mends it", async () => {
  await expect(call("delivery.mirror.set", { remote: "https://git.example.org/acme/x.git", requests: true })).rejects.toMatchObject({
    code: "INVALID",
    mend: expect.stringContaining("connects"),
  });
});

test("what waits is a pull request with its gates and its difference; a merge by whoever asked for it is taken back, another's counts", async () => {
  await mirrorTo(`${github.url}/acme/${GITOPS}.git`);
  const { id } = await promote(1);
  const first = await requestOf(id, ({ request }) => request?.state === "open" && statusOf(1)?.state === "success");
  expect(first.request).toMatchObject({ number: "1", link: `${github.url}/acme/${GITOPS}/pull/1` });
  const [pull] = pulls();
  expect(pull).toMatchObject({ title: "Promote orders 1 to prod", head: "env/prod-next/orders", base: "env/prod" });
  const [comment] = github.all.get(`acme/${GITOPS}`)!.comments;
  expect(comment!.body).toContain("Every gate of prod holds");
  expect(comment!.body).toContain("| component:default/orders 1 | Policies | passed |");
  expect(comment!.body).toContain("+++ b/apps/orders/workload.yaml");
  expect(statusOf(1)).toMatchObject({ context: "Roadbed env/prod", sha: first.head });
  // Its own gate names it.
  expect((await get(id)).gates.find(({ name }) => name === "pull-request")?.evidence).toContainEqual(
    expect.objectContaining({ link: first.request!.link }),
  );

  await github.mergePull(GITOPS, 1, { by: "ada-there" });
  const again = await requestOf(id, ({ request }) => request?.number === "2" && request.state === "open");
  expect((await get(id)).votes).toEqual([]);
  expect(github.all.get(`acme/${GITOPS}`)!.comments.find(({ issue }) => issue === 1)!.body).toContain(
    "Nobody approves what they asked for.",
  );
  // Here and there the branch has what it had.
  await same("env/prod");
  expect(await filesOf("env/prod")).not.toContain("apps/orders/workload.yaml");

  await statusAt(2, again.head);
  const merged = await github.mergePull(GITOPS, 2, { by: "bob-there" });
  const done = await until(id, ({ state }) => state === "promoted");
  expect(done.votes).toMatchObject([{ name: "Bob", verdict: "granted" }]);
  expect(done.gates.find(({ name }) => name === "pull-request")).toMatchObject({ verdict: "passed", why: "Bob merged it." });
  expect(await requestOf(id, ({ request }) => request?.state === "merged")).toMatchObject({ request: { endedBy: "bob-there" } });
  // Both go on from the commit of the merge.
  await eventually(async () => expect(await server.repositories.head(GITOPS, "env/prod")).toBe(merged), 60_000);
  await same("env/prod");
  expect(await filesOf("env/prod")).toContain("apps/orders/workload.yaml");
}, 180_000);

test("gates are asked anew at the merge, whoever is not known here has no vote, and a squashed merge counts as well", async () => {
  await released(2);
  const { id } = await promote(2);
  const open = await requestOf(id, ({ request }) => request?.state === "open");
  await statusAt(Number(open.request!.number), open.head);
  verdict = "deny";
  await github.mergePull(GITOPS, Number(open.request!.number), { by: "bob-there" });
  await eventually(async () => expect(commentOf(Number(open.request!.number))).toContain("It has no owner."), 60_000);
  expect(await get(id)).toMatchObject({ state: "waiting", votes: [] });
  verdict = "allow";
  const second = await requestOf(id, ({ request }) => request?.state === "open" && request.number !== open.request!.number);
  await statusAt(Number(second.request!.number), second.head);
  await github.mergePull(GITOPS, Number(second.request!.number), { by: "stranger" });
  const third = await requestOf(id, ({ request }) => request?.state === "open" && Number(request.number) > Number(second.request!.number));
  expect(commentOf(Number(second.request!.number))).toContain("Nobody here is known as stranger");
  await statusAt(Number(third.request!.number), third.head);
  const commit = await github.mergePull(GITOPS, Number(third.request!.number), { by: "bob-there", how: "squash" });
  await until(id, ({ state }) => state === "promoted");
  await eventually(async () => expect(await server.repositories.head(GITOPS, "env/prod")).toBe(commit), 60_000);
  expect((await get(id)).gitCommit).toBe(commit);
}, 180_000);

test("a host that is down, wants to be left alone, or refuses is said, and asked again; what is merged here is closed there", async () => {
  await released(3);
  github.fault = ({ method, path }) => (method === "POST" && path.endsWith("/pulls") ? "drop" : undefined);
  const { id } = await promote(3);
  const down = await requestOf(id, ({ request }) => request?.error !== undefined);
  expect(down.request).toMatchObject({ state: "opening", error: expect.stringContaining("cannot be reached") });
  const limited = { status: 403, headers: { "retry-after": "1" }, body: { message: "rate limit exceeded" } };
  github.fault = ({ method, path }) => (method === "POST" && path.endsWith("/pulls") ? limited : undefined);
  await asked();
  await requestOf(id, ({ request }) => request?.error?.includes("no more calls") === true);
  github.fault = ({ method, path }) =>
    method === "POST" && path.endsWith("/pulls") ? { status: 403, body: { message: "No" } } : undefined;
  await asked();
  await requestOf(id, ({ request }) => request?.error?.includes("Give the token") === true);
  github.fault = () => undefined;
  await asked();
  const open = await requestOf(id, ({ request }) => request?.state === "open");
  expect(open.request?.error).toBeUndefined();
  await call("delivery.change.merge", { id: open.id }, bob);
  await until(id, ({ state }) => state === "promoted");
  await requestOf(id, ({ request }) => request?.state === "merged");
}, 180_000);

test("closing it ends the promotion, and a webhook is heard at once", async () => {
  await released(4);
  const { id } = await promote(4);
  const open = await requestOf(id, ({ request }) => request?.state === "open");
  const number = open.request!.number!;
  await server.db.query("update delivery.host_request set look_at = now() + interval '1 day' where change_id = $1", [open.id]);
  github.closePull(GITOPS, Number(number), "bob-there");
  const hook = {
    sourceId: "src",
    system: "github",
    host: github.host,
    repository: `acme/${GITOPS}`,
    number,
    head: open.head,
    base: open.base,
    state: "closed",
  };
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, async (ctx) =>
    ctx.emit(changeProposed, "src", hook as never),
  );
  const ended = await until(id, ({ state }) => state === "refused");
  expect(ended.error).toContain("bob-there closed its pull request");
  expect(await requestOf(id, ({ request }) => request?.state === "closed")).toMatchObject({ state: "closed" });
}, 120_000);

test("the same at GitLab", async () => {
  await mirrorTo(`${gitlab.url}/acme/${GITOPS}.git`, "oauth2");
  const { id } = await promote(3, 2);
  const project = gitlab.projects.find(({ path }) => path === `acme/${GITOPS}`)!;
  const open = await requestOf(id, ({ request }) => request?.state === "open" && project.statuses.length > 0);
  expect(project.requests[0]).toMatchObject({ source_branch: "env/prod-next/orders", target_branch: "env/prod" });
  expect(project.notes[0]!.body).toContain("Every gate of prod holds");
  expect(project.statuses.at(-1)).toMatchObject({ state: "success", name: "Roadbed env/prod" });
  await gitlab.mergeRequest(`acme/${GITOPS}`, Number(open.request!.number), "bob-there");
  expect(await until(id, ({ state }) => state === "promoted")).toMatchObject({ votes: [{ name: "Bob" }] });
  const next = await promote(3, 3);
  const second = await requestOf(next.id, ({ request }) => request?.state === "open");
  // Whoever is not known may stop it all the same: that lets nothing through.
  gitlab.closeRequest(`acme/${GITOPS}`, Number(second.request!.number), "stranger");
  expect((await until(next.id, ({ state }) => state === "refused")).error).toContain("stranger closed its pull request");
}, 180_000);

function ports(): Partial<DeliveryDeps> {
  return {
    approvers: {
      of: async (_ctx, words) => words.map((word) => ({ ref: `group:default/${word}s`, as: "owner" as const })),
      require: async (ctx, requester) => {
        const id = ctx.actor.kind === "user" ? ctx.actor.id : "";
        if ("id" in requester && requester.id === id) throw new ForbiddenError("Nobody approves what they asked for.");
        if (id === "bob") return "group:default/owners";
        throw new ForbiddenError("Only owners may decide this.");
      },
      counts: async (_ctx, { account }) => account === "bob",
    },
    policies: {
      decide: async () => ({
        verdict,
        decisionId: "dec_1",
        evaluated: 1,
        reasons: verdict === "deny" ? ["It has no owner."] : [],
        digest: "d".repeat(64),
      }),
    },
    hosts: {
      async at(remote) {
        const url = new URL(remote);
        const [system, double] = url.host === github.host ? (["github", github] as const) : (["gitlab", gitlab] as const);
        const none = { because: `No connection to ${url.host} is opened`, mend: "An administrator connects it." };
        if (url.host !== double.host) return none;
        const repository = `acme/${GITOPS}`;
        const requests = await openRequests(outsideTo(double, system), { system, host: url.host, path: repository });
        return requests === undefined ? none : { system, host: url.host, repository, requests };
      },
      async personAt(_ctx, { login }) {
        const actor = KNOWN.get(login);
        return actor && { actor, scopes: new Set(["delivery:read", "delivery:write"]) };
      },
    },
  };
}

async function call<T>(name: string, input: unknown, as: Partial<Call> = ada): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs(as), input)) as T;
}

async function mirrorTo(remote: string, username = "x-access-token"): Promise<void> {
  await call("delivery.mirror.set", { remote, username, secret: TOKEN, requests: true });
  await eventually(async () => {
    const { mirror } = await call<{ mirror: Mirror }>("delivery.mirror.get", {});
    if (mirror.state !== "in-sync") throw new Error(JSON.stringify(mirror));
  }, 60_000);
}

/** Commits a version to the repository and waits until it is a release that runs in dev. */
async function released(number: number): Promise<void> {
  if (number > version) {
    version = number;
    const head = (await server.repositories.head("orders", "main"))!;
    await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
      server.delivery.commitToRepository(ctx, {
        repository: "orders",
        branch: "main",
        parent: head,
        files: service({ version: `v${number}` }),
        removed: [],
        message: `v${number}`,
        author,
      }),
    );
  }
  await eventually(async () => {
    const { items } = await call<{ items: Promotion[] }>("delivery.promotion.list", {
      entityRef: "component:default/orders",
      environment: "dev",
    });
    if (items[0]?.release.number !== number || items[0].state !== "promoted") throw new Error(JSON.stringify(items[0]));
  }, 90_000);
}

/** `again`: the newest release is asked for once more, after another commit. */
async function promote(number: number, again = 0): Promise<Promotion> {
  if (again > 0) await released((number = version + 1));
  return call<Promotion>("delivery.promotion.create", { release: `orders#${number}`, environment: "prod" });
}

function get(id: string): Promise<Detail> {
  return call<Detail>("delivery.promotion.get", { id });
}

function until(id: string, holds: (promotion: Detail) => boolean): Promise<Detail> {
  return eventually(async () => {
    const found = await get(id);
    if (!holds(found)) throw new Error(JSON.stringify(found));
    return found;
  }, 90_000);
}

function requestOf(id: string, holds: (change: ChangeDetail) => boolean): Promise<ChangeDetail> {
  return eventually(async () => {
    const { changeId } = await get(id);
    const change = await call<ChangeDetail>("delivery.change.get", { id: changeId });
    if (!holds(change)) throw new Error(JSON.stringify({ request: change.request, state: change.state }));
    return change;
  }, 90_000);
}

/** The pauses between tries are over. */
async function asked(): Promise<void> {
  await server.db.query("update delivery.host_request set look_at = now() where state in ('opening', 'open')");
}

function pulls(): any[] {
  return github.all.get(`acme/${GITOPS}`)!.pulls;
}

function statusOf(number: number): any {
  const head = pulls()[number - 1]?.last_head;
  return github.all.get(`acme/${GITOPS}`)!.statuses.findLast(({ sha }) => sha === head);
}

/** Everything was said of this commit. */
async function statusAt(number: number, head: string): Promise<void> {
  await eventually(async () => {
    const said = github.all.get(`acme/${GITOPS}`)!.statuses.findLast(({ sha }) => sha === head);
    if (said?.state !== "success") throw new Error(`${number} ${JSON.stringify(said)}`);
  }, 60_000);
}

function commentOf(number: number): string {
  return github.all.get(`acme/${GITOPS}`)!.comments.find(({ issue }) => issue === number)?.body ?? "";
}

async function same(branch: string): Promise<void> {
  await eventually(
    async () => expect(await github.repositories.head(`acme--${GITOPS}`, branch)).toBe(await server.repositories.head(GITOPS, branch)),
    60_000,
  );
}

async function filesOf(branch: string): Promise<string[]> {
  return ((await server.repositories.tree(GITOPS, branch))?.files ?? []).map(({ path }) => path);
}
