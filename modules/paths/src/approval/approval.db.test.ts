import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Approval, Preview, Run } from "@roadbed/contracts/paths";
import type { ApprovalRule } from "@roadbed/contracts/paths/approval-rules";
import type { Actor, Call } from "@roadbed/core";
import { createTestDatabase, eventually } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { stringify } from "yaml";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { migrations } from "../index.ts";
import { createBench, type Bench } from "../testing/bench.suite.ts";
import { entity } from "../testing/ports.ts";
import { folderOf, template } from "../testing/preview.ts";
import { kill, startRunServer } from "../testing/start-run-server.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { expireApproval, remind } from "./watch-approvals.ts";

const PATH = `
approvals:
  - { name: owner-agrees, when: 'parameters.size == "large"', by: owner, because: It is large., expiresAfter: 2d, remindAfter: 1h }
parameters:
  required: [name]
  properties:
    name: { type: string }
    owner: { type: string, ui:field: OwnerPicker }
    size: { type: string, default: small }
steps:
  - { id: fetch, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - { id: publish, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
`;
const DAY_TWO = `
operation: day-2
approvals:
  - { name: both, by: [on-call, team-lead, platform, "group:default/security"], count: 2 }
parameters: { required: [entity], properties: { entity: { type: string } } }
steps: [{ id: say, action: "debug:log", input: { message: "\${{ parameters.entity }}" } }]
`;

/** Who stands for which references, as tests change it. */
const identities = new Map<string, string[]>();
const LARGE = { owner: "group:default/team-a", size: "large" };
let bench: Bench;
let home: string;

beforeAll(async () => {
  home = await folderOf({
    "service/template.yaml": stringify(template(PATH, "service")),
    "service/skeleton/README.md": "# ${{ values.name }}, ${{ values.size }}\n",
    "often/template.yaml": stringify(
      template(PATH.replace("./skeleton", "../service/skeleton").replace(/^  - .*publish.*$/m, ""), "often"),
    ),
    "resize/template.yaml": stringify(template(DAY_TWO, "resize")),
  });
  bench = await createBench(home, {
    deps: () => ({
      conditions: {
        holds: async () => true,
        // As CEL would: the one condition of these tests, and a fault.
        evaluate: async (expression, { parameters }) => expression.includes("large") && (parameters as { size: string }).size === "large",
      },
      people: {
        describe: async ({ actor }) => {
          const id = "id" in actor ? actor.id : "nobody";
          const entityRef = identities.get(id)?.find((ref) => ref.startsWith("user:"));
          return { name: id, ...(entityRef === undefined ? {} : { entityRef }) };
        },
        identitiesOf: async ({ actor }) => new Set(identities.get("id" in actor ? actor.id : "") ?? []),
        behind: async (_ctx, actor) => (actor.kind === "service" ? "ada" : undefined),
      },
    }),
  });
});
afterAll(() => bench.close());
beforeEach(() => {
  identities.clear();
  identities.set("bob", ["user:default/bob", "group:default/team-a"]);
  identities.set("cleo", ["user:default/cleo", "group:default/team-a"]);
  for (const name of ["bob", "cleo", "dora", "eve"]) bench.world.entities.set(`user:default/${name}`, entity("User", name));
  bench.world.entities.set("group:default/team-b", entity("Group", "team-b"));
  bench.world.entities.set("group:default/team-a", entity("Group", "team-a", { lead: "user:default/dora" }));
  bench.world.entities.set("component:default/orders", entity("Component", "orders", { owner: "team-a" }));
});

const as = (id: string, over: Partial<Call> = {}): Partial<Call> => ({
  actor: { kind: "user", id, name: id },
  scopes: new Set(["paths:read", "paths:write"]),
  ...over,
});
const ask = (name: string, by: Partial<Call> = as("ada")): Promise<Run> =>
  bench.call("paths.path.run", { path: "service", values: { name, ...LARGE } }, by);
const approvalOf = async ({ id }: Run, by: Partial<Call> = as("bob")): Promise<Approval> =>
  (await bench.call<Run>("paths.run.get", { id }, by)).approvals![0]!;
const grant = (id: string, by: Partial<Call>, reason?: string): Promise<Approval> => bench.call("paths.approval.grant", { id, reason }, by);
const ended = (id: string): Promise<Run> =>
  eventually(async () => {
    const run = await bench.call<Run>("paths.run.get", { id });
    if (run.endedAt === undefined) throw new Error(run.status);
    return run;
  }, 30_000);

describe("what a run needs", () => {
  test("is said by the preview, with who and why; what needs nothing begins at once", async () => {
    const { approvals } = await bench.call<Preview>("paths.path.preview", { path: "service", values: { name: "a", ...LARGE } });
    expect(approvals).toEqual([
      {
        rule: "owner-agrees",
        because: "It is large.",
        approvers: [{ ref: "group:default/team-a", as: "owner" }],
        count: 1,
        expiresAfterHours: 48,
      },
    ]);
    expect((await bench.call<Preview>("paths.path.preview", { path: "service", values: { name: "a" } })).approvals).toEqual([]);
    expect(await bench.run("service", { name: "small-one" })).toMatchObject({ status: "succeeded", approvals: [] });
  });

  test("of something that is there: its team's lead, the path's team and who is named, as the catalogue stands", async () => {
    const { approvals } = await bench.call<Preview>("paths.path.preview", { path: "resize", values: { entity: "orders" } });
    expect(approvals[0]?.approvers).toEqual([
      { ref: "user:default/ann", as: "on-call" },
      { ref: "user:default/dora", as: "team-lead" },
      { ref: "group:default/platform", as: "platform" },
      { ref: "group:default/security", as: "named" },
    ]);
  });
});

describe("a run that must be approved", () => {
  test("waits before its first step, begins when it is granted, and shows who said so", async () => {
    const run = await ask("waits");
    expect(run).toMatchObject({ status: "waiting", steps: [{ status: "open" }, { status: "open" }] });
    const approval = await approvalOf(run);
    expect(approval).toMatchObject({ state: "waiting", mayDecide: true, because: "It is large.", requestedBy: "user:ada" });
    expect(await bench.call<{ items: Approval[] }>("paths.approval.list", { mine: true }, as("bob"))).toMatchObject({
      items: [{ id: approval.id }],
    });
    await bench.call("paths.approval.grant", { id: approval.id, reason: "It may be.", digest: approval.digest }, as("bob"));
    const done = await ended(run.id);
    expect(done).toMatchObject({
      status: "succeeded",
      approvals: [{ state: "granted", votes: [{ by: "user:bob", as: "group:default/team-a", verdict: "granted", reason: "It may be." }] }],
    });
    expect(await bench.repositories.exists("waits")).toBe(true);
    expect(done).toMatchObject({
      handOffs: 1,
      waits: [{ reason: "approval", what: "owner-agrees", by: [{ actor: "user:bob", name: "bob" }] }],
    });
    // Two hours of it, whatever the machine took.
    await bench.database.db.query("update paths.approval set asked_at = decided_at - interval '2 hours' where id = $1", [approval.id]);
    expect(await bench.call("paths.run.get", { id: run.id })).toMatchObject({ humanMinutes: 120 });
    const { items } = await bench.call<{ items: Run[] }>("paths.run.list", { limit: 200 });
    expect(items.find(({ id }) => id === run.id)).toMatchObject({ humanMinutes: 120, handOffs: 1 });
  });

  test("ends with the reason when somebody refuses it; nothing was made, and a retry does not get around it", async () => {
    const run = await ask("refused");
    await bench.call("paths.approval.refuse", { id: (await approvalOf(run)).id, reason: "Too large for now." }, as("bob"));
    const done = await ended(run.id);
    expect(done).toMatchObject({ status: "cancelled", error: "bob refused the approval owner-agrees: Too large for now." });
    await expect(bench.call("paths.run.retry", { id: run.id })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("not approved"),
    });
    expect(await bench.repositories.exists("refused")).toBe(false);
  });

  test("is cancelled at once by who asked for it, and its approval is withdrawn", async () => {
    const run = await ask("cancelled");
    expect(await bench.call("paths.run.cancel", { id: run.id })).toMatchObject({ status: "cancelled" });
    const { id, state } = await approvalOf(run);
    expect(state).toBe("withdrawn");
    await expect(grant(id, as("bob"))).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("who may not", () => {
  test("the requester, whatever they are and by whichever token or agent", async () => {
    identities.set("ada", ["user:default/ada", "group:default/team-a"]);
    bench.world.entities.set("user:default/ada", entity("User", "ada"));
    const agent: Actor = { kind: "agent", id: "tok", name: "bot", onBehalfOf: "ada" };
    const service: Actor = { kind: "service", id: "ci", name: "ci" };
    for (const [n, actor] of [as("ada").actor!, agent, service].entries()) {
      const { id } = await approvalOf(await ask(`own-${n}`, as("ada", { actor })));
      await expect(grant(id, as("ada"))).rejects.toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("Nobody approves") });
      // Not even as an administrator, nor by a second account that is the same person.
      await expect(grant(id, as("ada", { scopes: new Set(["*"]) }))).rejects.toMatchObject({ code: "FORBIDDEN" });
      await expect(grant(id, as("bob", { actor: { ...agent, onBehalfOf: "bob" } }))).rejects.toMatchObject({
        message: expect.stringContaining("Only a person"),
      });
    }
    identities.set("ada-2", ["user:default/ada", "group:default/team-a"]);
    const { id } = await approvalOf(await ask("own-again"));
    await expect(grant(id, as("ada-2"))).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("who is none of the approvers, who left, and who lost the role since", async () => {
    const run = await ask("roles");
    const { id } = await approvalOf(run);
    await expect(grant(id, as("eve"))).rejects.toMatchObject({ code: "FORBIDDEN", message: "Only group:default/team-a may decide this." });
    bench.world.entities.set("user:default/bob", {
      ...entity("User", "bob"),
      metadata: { name: "bob", annotations: { "roadbed.dev/active": "false" } },
    });
    await expect(grant(id, as("bob"))).rejects.toMatchObject({ code: "FORBIDDEN", message: "Who has left approves nothing." });
    identities.set("cleo", ["user:default/cleo"]);
    await expect(grant(id, as("cleo"))).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await bench.call("paths.run.get", { id: run.id })).toMatchObject({ status: "waiting" });
    await expect(grant(id, as("root", { scopes: new Set(["*"]) }))).resolves.toMatchObject({
      state: "granted",
      votes: [{ as: "administrator" }],
    });
  });

  test("anybody, once its time is over: it is refused at once, and the sweep ends the run", async () => {
    const run = await ask("late");
    const { id } = await approvalOf(run);
    await bench.database.db.query("update paths.approval set expires_at = now() - interval '1 second' where id = $1", [id]);
    await expect(grant(id, as("bob"))).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("that is over") });
    for (let n = 0; n < 2; n++) await bench.write((ctx) => expireApproval(bench.world.ports, ctx, id));
    expect(await ended(run.id)).toMatchObject({
      status: "cancelled",
      error: expect.stringContaining("Nobody of group:default/team-a gave the approval"),
    });
    const { rowCount } = await bench.database.db.query("select 1 from kernel.event where name = 'paths.run.finished' and subject = $1", [
      run.id,
    ]);
    expect(rowCount).toBe(1);
  });
});

describe("two at once", () => {
  test("by two people count once: one grants, the other is told", async () => {
    const run = await ask("at-once");
    const { id } = await approvalOf(run);
    const said = await Promise.allSettled([grant(id, as("bob")), grant(id, as("cleo"))]);
    expect(said.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await ended(run.id)).toMatchObject({ status: "succeeded" });
    const { rowCount } = await bench.database.db.query("select 1 from kernel.event where name = 'paths.run.requested' and subject = $1", [
      run.id,
    ]);
    expect(rowCount).toBe(1);
  });

  test("by the same person are one of two that are needed; who lost the role in between does not count", async () => {
    identities.set("bob", ["user:default/bob", "group:default/security"]);
    identities.set("dora", ["user:default/dora"]);
    const run = await bench.call<Run>("paths.path.run", { path: "resize", values: { entity: "orders" } }, as("ada"));
    const { id } = await approvalOf(run);
    await Promise.all([grant(id, as("bob")), grant(id, as("bob"))]);
    expect(await approvalOf(run)).toMatchObject({ state: "waiting", votes: [{ by: "user:bob" }] });
    identities.set("bob", ["user:default/bob"]);
    expect(await grant(id, as("dora"))).toMatchObject({ state: "waiting" });
    identities.set("eve", ["user:default/eve", "group:default/platform"]);
    expect(await grant(id, as("eve"))).toMatchObject({ state: "granted" });
    expect(await ended(run.id)).toMatchObject({ status: "succeeded" });
  });
});

test("ten grants in a row propose to do without; accepted, it grants by itself, visibly, until it is revoked", async () => {
  const rules = async (): Promise<ApprovalRule[]> =>
    (await bench.call<{ items: ApprovalRule[] }>("paths.approval-rule.list", { path: "often" })).items;
  const follow = (name: string): Promise<Run> => bench.call("paths.path.run", { path: "often", values: { name, ...LARGE } }, as("ada"));
  const granted = async (name: string): Promise<Run> => {
    const run = await follow(name);
    await grant((await approvalOf(run)).id, as("bob"));
    return run;
  };
  /** The same grant, so many times more, as if it were long ago. */
  const repeat = async ({ id }: Run, times: number): Promise<void> => {
    for (let n = 0; n < times; n++) {
      await bench.database.db.query(
        `with one as (insert into paths.approval select (jsonb_populate_record(a, jsonb_build_object('id', a.id || '-' || $2::text, 'decided_at', a.decided_at + interval '1 ms' * $2::int))).*
           from paths.approval a where a.run_id = $1 order by a.id limit 1 returning id)
         insert into paths.approval_vote select (jsonb_populate_record(v, jsonb_build_object('approval_id', one.id))).* from one, paths.approval_vote v
           where v.approval_id = (select id from paths.approval where run_id = $1 order by id limit 1)`,
        [id, n],
      );
    }
  };
  await repeat(await granted("often-1"), 8);
  // One that was refused begins the count anew.
  await bench.call("paths.approval.refuse", { id: (await approvalOf(await follow("often-no"))).id, reason: "Not this one." }, as("bob"));
  await repeat(await granted("often-2"), 8);
  expect(await rules()).toEqual([]);
  await granted("often-3");
  const [rule] = await rules();
  expect(rule).toMatchObject({ state: "proposed", rule: "owner-agrees", role: "group:default/team-a", used: 0 });
  expect(rule?.evidence.map(({ grantedBy }) => grantedBy)).toEqual(Array(10).fill(["bob"]));
  const accept = (by: Partial<Call>): Promise<ApprovalRule> =>
    bench.call("paths.approval-rule.accept", { id: rule!.id, note: "Always the same." }, by);
  await expect(accept(as("eve"))).rejects.toMatchObject({ code: "FORBIDDEN" });
  identities.set("ada", ["user:default/ada", "group:default/team-a"]);
  await expect(accept(as("ada"))).rejects.toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("You asked for one") });
  identities.delete("ada");
  // Proposed is not accepted: it still waits.
  expect(await follow("often-still")).toMatchObject({ status: "waiting" });
  expect(await accept(as("cleo"))).toMatchObject({ state: "active", decidedBy: "user:cleo" });
  const preview = await bench.call<Preview>("paths.path.preview", { path: "often", values: { name: "x", ...LARGE } });
  expect(preview.approvals).toMatchObject([{ automatic: rule!.id }]);
  const run = await follow("often-auto");
  expect(run.status).toBe("queued");
  expect(await ended(run.id)).toMatchObject({ status: "succeeded", approvals: [{ state: "granted", automatic: rule!.id, votes: [] }] });
  // Another owner was never asked: theirs still waits.
  expect(
    await bench.call("paths.path.run", { path: "often", values: { name: "often-b", owner: "group:default/team-b", size: "large" } }),
  ).toMatchObject({ status: "waiting" });
  expect(await bench.call("paths.approval-rule.revoke", { id: rule!.id }, as("bob"))).toMatchObject({ state: "revoked", used: 1 });
  expect(await follow("often-after")).toMatchObject({ status: "waiting" });
}, 60_000);

test("what was approved is what runs: a run that would do something else ends", async () => {
  const run = await ask("bound");
  const approval = await approvalOf(run);
  await expect(bench.call("paths.approval.grant", { id: approval.id, digest: "0".repeat(64) }, as("bob"))).rejects.toMatchObject({
    code: "CONFLICT",
  });
  // The path changes while the run waits: its kept version runs.
  await writeFile(join(home, "service/skeleton/README.md"), "# Another\n");
  // What cannot be kept the same is found: here the stored answer of what was shown.
  const other = await ask("bound-other");
  await bench.database.db.query("update paths.approval set digest = 'other' where run_id = $1", [other.id]);
  await grant(approval.id, as("bob"));
  await grant((await approvalOf(other)).id, as("bob"));
  expect(await ended(run.id)).toMatchObject({ status: "succeeded" });
  expect((await bench.repositories.readFile("bound", "refs/heads/main", "README.md"))?.toString()).toBe("# bound, large\n");
  expect(await ended(other.id)).toMatchObject({ status: "failed" });
  expect(await bench.repositories.exists("bound-other")).toBe(false);
});

test("approvers are reminded each time the path's interval is over, and not before", async () => {
  const { id } = await approvalOf(await ask("reminded"));
  const told = async (): Promise<number> =>
    (await bench.database.db.query("select 1 from kernel.event where name = 'paths.approval.reminded' and subject = $1", [id])).rowCount;
  await bench.write(remind);
  expect(await told()).toBe(0);
  await bench.database.db.query("update paths.approval set reminded_at = reminded_at - interval '61 minutes' where id = $1", [id]);
  for (let n = 0; n < 2; n++) await bench.write(remind);
  expect(await told()).toBe(1);
});

test("killed while it waits and while it is granted, a run is approved once and makes everything once", async () => {
  const database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  await database.db.query(`
    create schema test;
    create table test.die (place text);
    create table test.entity (ref text primary key, entity jsonb);
    create table test.repository (name text primary key, key text, files jsonb);
    create table test.call (what text);
    create table test.decision (id serial, verdict text, subject text);
    create table test.unhealthy (ref text)`);
  const folder = await folderOf({
    "service/template.yaml": stringify(template(PATH.replace(`when: 'parameters.size == "large"', `, ""), "service")),
    "service/skeleton/README.md": "# It\n",
  });
  const args = [database.url, await temporaryFolder(), folder];
  let server = await startRunServer(args);
  const { id } = await server.call("paths.path.run", { path: "service", values: { name: "orders" } });
  await kill(server.child);
  server = await startRunServer(args);
  const waiting = await server.call("paths.run.get", { id }, "bob");
  expect(waiting).toMatchObject({ status: "waiting", approvals: [{ state: "waiting", mayDecide: true }] });
  await server.call("paths.approval.grant", { id: waiting.approvals![0]!.id }, "bob");
  await kill(server.child);
  server = await startRunServer(args);
  const run = await eventually(async () => {
    const now = await server.call("paths.run.get", { id });
    if (now.endedAt === undefined) throw new Error(now.status);
    return now;
  }, 40_000);
  expect(run).toMatchObject({ status: "succeeded", approvals: [{ votes: [{ by: "user:bob" }] }] });
  expect((await database.db.query("select 1 from test.call where what = 'repository made'")).rowCount).toBe(1);
  await kill(server.child);
  await database.drop();
  await rm(folder, { recursive: true });
}, 180_000);
