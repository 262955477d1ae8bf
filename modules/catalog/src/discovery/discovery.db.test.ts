import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { getEntity, importSource } from "@roadbed/contracts/catalog";
import { listOrphans } from "@roadbed/contracts/catalog/ownership";
import {
  acceptProposals,
  editProposal,
  getProposal,
  listProposals,
  patchProposals,
  refuseProposals,
  reopenProposals,
  runDiscovery,
} from "@roadbed/contracts/catalog/proposals";
import { beforeEach, describe, expect, it } from "vitest";

import { useWorld } from "../world.suite.ts";
import { clones, discover, ended, proposalFor, proposalsOf, putClones } from "./discovery.suite.ts";

const world = useWorld();

beforeEach(async () => {
  await world.write(async ({ sql }) => {
    for (const table of ["discovery", "discovery_repository", "proposal", "login"]) await sql.query(`delete from catalog.${table}`);
  });
  await world.catalog.stop();
  world.catalog = world.open({ clones });
  await putClones(world);
});

const specOf = async (ref: string) => (await world.ask(getEntity, { ref })).entity.spec;

async function applyPatch(dir: string, patch: string): Promise<string> {
  execFileSync("git", ["-C", dir, "apply", "-"], { input: patch });
  return readFile(join(dir, "catalog-info.yaml"), "utf8");
}

describe("a folder of clones", () => {
  it("becomes proposals with owner, relations, confidence and reasons", async () => {
    expect(await discover(world)).toMatchObject({ status: "succeeded", total: 3, done: 3, unchanged: 0, proposals: { added: 7, open: 7 } });
    const { items, facets } = await world.ask(listProposals, { limit: 500 });
    expect(items.map(({ confidence }) => confidence)).toEqual(items.map(({ confidence }) => confidence).sort((a, b) => b - a));
    expect(items.map(({ ref }) => ref).sort()).toEqual([
      "api:default/payments-api",
      "component:default/money",
      "component:default/orders",
      "component:default/payments",
      "group:default/orders",
      "resource:default/orders-db",
      "user:default/ada",
    ]);
    expect(facets.kind).toContainEqual({ value: "component", count: 3 });
    expect(facets.owner).toContainEqual({ value: "unknown", count: 3 });
    const { proposal, entity, evidence, relations, descriptor } = await world.ask(getProposal, {
      id: (await proposalFor(world, "component:default/orders")).id,
    });
    expect(proposal).toMatchObject({ owner: "group:default/orders", state: "open", repository: "git.example.com/shop/orders" });
    expect(entity.spec).toMatchObject({
      dependsOn: ["component:default/money", "resource:default/orders-db"],
      consumesApis: ["api:default/payments-api"],
    });
    expect(evidence).toContainEqual(
      expect.objectContaining({ file: "Dockerfile", line: 1, says: "Dockerfile builds an image on node:24" }),
    );
    expect(relations.find(({ ref }) => ref === "api:default/payments-api")).toMatchObject({
      evidence: [{ file: "docker-compose.yml", line: 6 }],
    });
    expect(descriptor).toContain("owner: group:default/orders");
  });

  it("is read again only where it changed, and the same things keep their ids", async () => {
    await discover(world);
    const before = await proposalsOf(world);
    expect(await discover(world)).toMatchObject({ unchanged: 3, proposals: { added: 0, changed: 0, withdrawn: 0 } });
    expect(await proposalsOf(world)).toEqual(before);
    await rm(join(world.folder, "money"), { recursive: true });
    expect(await discover(world)).toMatchObject({ total: 2, unchanged: 2, proposals: { withdrawn: 1 } });
    expect((await proposalsOf(world)).map(({ id }) => id).sort()).toEqual(
      before
        .filter(({ ref }) => ref !== "component:default/money")
        .map(({ id }) => id)
        .sort(),
    );
  });

  it("that is not there fails with the reason", async () => {
    expect(await discover(world, world.catalog, join(world.home, "nowhere"))).toMatchObject({
      status: "failed",
      error: expect.stringContaining("is not there"),
    });
  });

  it("can be filtered and paged", async () => {
    await discover(world);
    expect((await proposalsOf(world, { kind: "component", minConfidence: 0.8 })).map(({ name }) => name).sort()).toEqual([
      "orders",
      "payments",
    ]);
    expect((await proposalsOf(world, { owner: "unknown", kind: "component" })).map(({ name }) => name).sort()).toEqual([
      "money",
      "payments",
    ]);
    expect((await proposalsOf(world, { text: "100%" })).length).toBe(0);
    const seen: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await world.ask(listProposals, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(7);
    expect(seen).toHaveLength(7);
  });
});

describe("accepting", () => {
  it("makes entities with owners and relations, and takes along what they refer to", async () => {
    await discover(world);
    const { id } = await proposalFor(world, "component:default/orders");
    const { accepted, failed } = await world.ask(acceptProposals, { ids: [id], ownerForRest: "orders" });
    expect(failed).toEqual([]);
    expect(accepted.map(({ ref }) => ref)).toEqual([
      "group:default/orders",
      "resource:default/orders-db",
      "api:default/payments-api",
      "component:default/orders",
    ]);
    const { neighbours } = await world.ask(getEntity, { ref: "component:default/orders" });
    expect(neighbours.map(({ type, ref, found }) => `${type} ${ref} ${found}`).sort()).toEqual([
      "consumesApi api:default/payments-api true",
      "dependsOn component:default/money false",
      "dependsOn resource:default/orders-db true",
      "ownedBy group:default/orders true",
    ]);
    expect(await specOf("api:default/payments-api")).toMatchObject({ definition: expect.stringContaining("openapi: 3.1.0") });
    // Accepted once is accepted: a second time does nothing and fails at nothing.
    expect(await world.ask(acceptProposals, { ids: [id] })).toMatchObject({ failed: [] });
    expect(await discover(world)).toMatchObject({ proposals: { added: 0 } });
    expect((await proposalsOf(world)).map(({ ref }) => ref)).not.toContain("component:default/orders");
  });

  it("names what has no owner instead of inventing one, and accepts the others", async () => {
    await discover(world);
    const { accepted, failed } = await world.ask(acceptProposals, { kind: "component", minConfidence: 0.5, along: false });
    expect(accepted.map(({ ref }) => ref)).toEqual(["component:default/orders"]);
    expect(failed.map(({ ref }) => ref).sort()).toEqual(["component:default/money", "component:default/payments"]);
    expect(failed[0]).toMatchObject({
      reason: expect.stringContaining("has no owner"),
      mend: "Give it one, or name one for all that have none.",
    });
  });

  it("keeps what a person changed: names, owners, and relations that follow a new name", async () => {
    await discover(world);
    const money = await proposalFor(world, "component:default/money");
    await expect(world.ask(editProposal, { id: money.id, name: "not a name" })).rejects.toThrow("is not a name");
    expect(await world.ask(editProposal, { id: money.id, name: "cash", owner: "treasury" })).toMatchObject({
      ref: "component:default/cash",
      owner: "group:default/treasury",
      ownerConfidence: 1,
      edited: ["name", "owner"],
    });
    await writeFile(join(world.folder, "money", "README.md"), "# Money\n\nCounts it.\n");
    await discover(world);
    expect(await proposalFor(world, "component:default/cash")).toMatchObject({ owner: "group:default/treasury" });
    await world.ask(acceptProposals, { ids: [money.id, (await proposalFor(world, "component:default/orders")).id] });
    expect(await specOf("component:default/cash")).toMatchObject({ owner: "group:default/treasury" });
    expect(await specOf("component:default/orders")).toMatchObject({ dependsOn: ["component:default/cash", "resource:default/orders-db"] });
  });

  it("gives way to what is there, and says so", async () => {
    await discover(world);
    await world.write((ctx) =>
      world.catalog.registerEntity(ctx, {
        source: "somebody",
        entity: {
          apiVersion: "backstage.io/v1alpha1",
          kind: "Component",
          metadata: { name: "orders" },
          spec: { type: "service", lifecycle: "x", owner: "other" },
        },
      }),
    );
    const { id } = await proposalFor(world, "component:default/orders");
    const { failed } = await world.ask(acceptProposals, { ids: [id], along: false });
    expect(failed).toMatchObject([
      { ref: "component:default/orders", reason: expect.stringContaining('already, by the source "somebody"') },
    ]);
    // At the next reading only what it lacks is proposed, and accepting that leaves all else as it is.
    await discover(world);
    const lacking = await proposalFor(world, "component:default/orders");
    expect(lacking).toMatchObject({ action: "complete", relations: 3 });
    await world.ask(acceptProposals, { ids: [lacking.id], along: false });
    expect(await specOf("component:default/orders")).toMatchObject({ owner: "other", consumesApis: ["api:default/payments-api"] });
  });

  it("tells of a dependency found later, and takes it over when it is accepted again", async () => {
    await discover(world);
    const { id } = await proposalFor(world, "component:default/orders");
    await world.ask(acceptProposals, { ids: [id], ownerForRest: "orders" });
    await writeFile(join(world.folder, "orders", ".env.example"), "CACHE_URL=redis://orders-cache:6379\n");
    await discover(world);
    const [drifted] = await proposalsOf(world, { state: "accepted", changed: true });
    expect(drifted).toMatchObject({
      id,
      changes: [
        "New dependency on resource:default/orders-cache (.env.example:1: .env.example sets CACHE_URL to redis://orders-cache:6379).",
      ],
    });
    await world.ask(acceptProposals, { ids: [id], ownerForRest: "orders" });
    expect(await specOf("component:default/orders")).toMatchObject({
      dependsOn: ["component:default/money", "resource:default/orders-cache", "resource:default/orders-db"],
    });
    expect(await proposalsOf(world, { state: "accepted", changed: true })).toEqual([]);
  });

  it("writes descriptors as patches that git takes", async () => {
    await discover(world);
    const { items, without } = await world.ask(patchProposals, { kind: "component" });
    expect(items.map(({ repository, file }) => `${repository} ${file}`).sort()).toEqual([
      "git.example.com/shop/money catalog-info.yaml",
      "git.example.com/shop/orders catalog-info.yaml",
      "git.example.com/shop/payments catalog-info.yaml",
    ]);
    expect(without).toEqual([]);
    const { patch } = items.find(({ refs }) => refs.includes("component:default/orders"))!;
    const applied = await applyPatch(join(world.folder, "orders"), patch);
    expect(applied).toContain("name: orders\n");
    // Now it describes itself: nothing is left to propose of it.
    await discover(world);
    expect((await proposalsOf(world)).map(({ ref }) => ref)).not.toContain("component:default/orders");
  });
});

describe("refusing", () => {
  it("is remembered, until something else is found, and can be taken back", async () => {
    await discover(world);
    const { id } = await proposalFor(world, "component:default/money");
    expect(await world.ask(refuseProposals, { ids: [id], reason: "is only ours" })).toEqual({ refused: 1 });
    await writeFile(join(world.folder, "money", "README.md"), "# Money\n");
    expect(await discover(world)).toMatchObject({ proposals: { added: 0, reopened: 0 } });
    expect((await proposalsOf(world)).map(({ ref }) => ref)).not.toContain("component:default/money");

    await writeFile(join(world.folder, "money", "Dockerfile"), "FROM node:24\n");
    expect(await discover(world)).toMatchObject({ proposals: { added: 0, reopened: 1 } });
    const back = await proposalFor(world, "component:default/money");
    expect(back.id).toBe(id);
    expect(back.changes[0]).toMatch(/^Refused on .* because "is only ours"; since then: Dockerfile builds an image on node:24/);

    await world.ask(refuseProposals, { ids: [id] });
    expect(await world.ask(acceptProposals, { ids: [id], ownerForRest: "x" })).toMatchObject({
      accepted: [],
      failed: [{ reason: expect.stringContaining("was refused") }],
    });
    expect(await world.ask(reopenProposals, { ids: [id] })).toEqual({ reopened: 1 });
    expect(await proposalFor(world, "component:default/money")).toMatchObject({ state: "open" });
  });
});

describe("two servers, and one that dies", () => {
  it("double nothing when both are asked at once", async () => {
    const other = world.open({ clones });
    try {
      const asked = await Promise.all([
        world.ask(runDiscovery, { target: world.folder }),
        world.ask(runDiscovery, { target: world.folder }, other),
      ]);
      expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
      await ended(world, asked[0].id);
      await Promise.all([discover(world), discover(world, other, join(world.folder, "orders"))]);
      const refs = (await proposalsOf(world)).map(({ ref }) => ref);
      expect(new Set(refs).size).toBe(refs.length);
      const ids = (await proposalsOf(world)).map(({ id }) => id);
      const [one, two] = await Promise.all([
        world.ask(acceptProposals, { ids, ownerForRest: "x" }),
        world.ask(acceptProposals, { ids, ownerForRest: "x" }, other),
      ]);
      expect(one.accepted.length).toBe(ids.length);
      expect(two.failed).toEqual([]);
      const { rows } = await world.write(({ sql }) =>
        sql.query<{ count: number }>("select count(*)::int as count from catalog.history where change = 'registered'"),
      );
      expect(rows[0]!.count).toBe(ids.length);
    } finally {
      await other.stop();
    }
  });

  it("go on with what another left in the middle", async () => {
    await world.catalog.stop();
    await world.write(({ sql }) =>
      // As a process leaves it that was killed: it holds a lease that nobody prolongs.
      sql.query(
        `insert into catalog.discovery (id, kind, target, status, actor, requested_at, started_at, lease_owner, lease_until, done, total)
         values ('disc_left', 'folder', $1, 'running', 'user:ada', now(), now(), 'dead', now() - interval '1 second', 1, 3)`,
        [world.folder],
      ),
    );
    const survivor = world.open({ clones });
    try {
      await survivor.start();
      expect(await ended(world, "disc_left", survivor)).toMatchObject({ status: "succeeded", done: 3, total: 3 });
      expect(await proposalsOf(world)).toHaveLength(7);
    } finally {
      await survivor.stop();
    }
  });
});

describe("what nobody owns", () => {
  it("may be given to whom its repository names, also where a file describes it and nothing about it is proposed", async () => {
    const described = (name: string): string =>
      `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}}\nspec: {type: service, lifecycle: x, owner: ghosts}\n`;
    const team = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: orders}\nspec: {type: team, children: []}\n";
    const cart = { "go.mod": "module example.com/shop/cart\n", "main.go": "package main\n", CODEOWNERS: "* @shop/orders\n" };
    await putClones(world, { cart });
    const files = join(world.home, `described-${Date.now()}`);
    await mkdir(files);
    await writeFile(join(files, "a.yaml"), [team, described("orders"), described("cart"), described("alone")].join("---\n"));
    await world.ask(importSource, { target: files, watch: false });
    await discover(world);
    expect((await proposalsOf(world)).map(({ ref }) => ref)).not.toContain("component:default/cart");
    const suggestions = async () => {
      const { items } = await world.ask(listOrphans, { limit: 100 });
      return Object.fromEntries(items.map(({ ref, suggestion }) => [ref.slice("component:default/".length), suggestion]));
    };
    const said = expect.objectContaining({
      owner: "group:default/orders",
      reasons: [expect.stringContaining("Its repository says so: CODEOWNERS")],
    });
    expect(await suggestions()).toMatchObject({ orders: said, cart: said });
    expect((await suggestions())["alone"]).toBeUndefined();
    // What a repository says no more is suggested no more.
    await rm(join(world.folder, "cart"), { recursive: true });
    await discover(world);
    expect((await suggestions())["cart"]).toBeUndefined();
  });
});
