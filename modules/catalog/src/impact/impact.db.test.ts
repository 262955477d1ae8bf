import { importSource } from "@roadbed/contracts/catalog";
import { exportGraph, findPaths, getImpact, planImpact, viewGraph } from "@roadbed/contracts/catalog/graph";
import { InvalidError, NotFoundError } from "@roadbed/core";
import { beforeEach, describe, expect, test } from "vitest";

import { createTraces } from "../observed/traces.suite.ts";
import { component, useWorld } from "../world.suite.ts";

const world = useWorld();
const { ask, put } = world;
const traces = createTraces();
const ref = (name: string): string => `component:default/${name}`;

let catalog: ReturnType<typeof world.open>;

const entity = (kind: string, name: string, spec: string): string =>
  `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;
const service = (name: string, over: { owner?: string; tier?: string; more?: string } = {}): string =>
  component(name, `  system: shop\n${over.more ?? ""}`)
    .replace("owner: team-a", `owner: ${over.owner ?? "team-a"}`)
    .replace("  description", over.tier === undefined ? "  description" : `  labels: {x/tier: "${over.tier}"}\n  description`);

beforeEach(async () => {
  traces.forget();
  await world.write(async ({ sql }) => {
    for (const table of ["observed_relation", "observed_service", "observed_counted"]) await sql.query(`delete from catalog.${table}`);
    await sql.query("update catalog.observed_clock set watched_from = null, version = version + 1");
  });
  await put(
    "all.yaml",
    [
      service("web", { owner: "team-web", tier: "1", more: "  consumesApis: [cart-api]\n" }),
      service("app", { owner: "team-web", tier: "3", more: "  consumesApis: [cart-api]\n" }),
      service("cart", { more: "  providesApis: [cart-api]\n  dependsOn: [resource:default/db]\n" }),
      service("report", { owner: "team-data", more: `  dependsOn: [${ref("cart")}]\n` }),
      service("ring-a", { more: `  dependsOn: [${ref("ring-b")}]\n` }),
      service("ring-b", { more: `  dependsOn: [${ref("ring-a")}, resource:default/db]\n` }),
      entity("API", "cart-api", "type: openapi, lifecycle: production, owner: team-a, definition: x, system: shop"),
      entity("Resource", "db", "type: postgres, owner: team-db"),
      entity("System", "shop", "owner: team-a, domain: sales"),
      entity("Domain", "sales", "owner: team-a"),
      entity("Group", "team-web", "type: team, children: [], profile: {displayName: Web, email: web@example.org}"),
    ].join("---\n"),
  );
  await ask(importSource, { target: world.folder });
  traces.saw("web", "cart", { calls: 80 });
  traces.saw("app", "cart", { calls: 1 });
  traces.saw("app", "other", { calls: 99 });
  traces.saw("cart", "db", { type: "uses", calls: 200 });
  traces.saw("secret-job", "db", { type: "uses", calls: 3 });
  await put("job.yaml", component("secret-job"));
  await ask(importSource, { target: world.folder });
  catalog = world.open({ observations: traces.port });
  await catalog.foldObservations();
  return () => catalog.stop();
});

describe("the blast radius of an entity", () => {
  test("counts exactly, weighs by criticality and traffic, tells why and whom to tell", async () => {
    const impact = await ask(getImpact, { ref: "resource:default/db" }, catalog);
    expect(impact.total).toBe(impact.byDistance.reduce((sum, { count }) => sum + count, 0));
    expect(impact.items.map((item) => item.ref).sort()).toEqual(
      [
        "api:default/cart-api",
        ...["app", "cart", "report", "ring-a", "ring-b", "secret-job", "web"].map(ref),
        "domain:default/sales",
        "system:default/shop",
      ].sort(),
    );
    const of = (name: string) => impact.items.find((item) => item.ref === ref(name))!;
    // All that web does goes through cart, and all that cart does goes to the database; of app it is a hundredth.
    expect(of("web")).toMatchObject({ distance: 2, exposure: 1, criticality: 1, weight: 1 });
    expect(of("web").path.map(({ from, type, to }) => [from, type, to])).toEqual([
      [ref("web"), "calls", ref("cart")],
      [ref("cart"), "uses", "resource:default/db"],
    ]);
    expect(of("web").path[0]).toMatchObject({ origins: ["observed"], share: 1 });
    expect(of("app")).toMatchObject({ criticality: 0.5, exposure: 0.05, path: [{ share: expect.closeTo(0.01) }, { share: 1 }] });
    expect(impact.items[0]!.ref).toBe(ref("web"));
    expect(impact.owners[0]).toMatchObject({ ref: "group:default/team-a", count: 7 });
    expect(impact.owners[1]).toMatchObject({ ref: "group:default/team-web", count: 2, title: "Web", contact: "web@example.org" });
    expect(impact.owners.map(({ ref: owner }) => owner).sort()).toEqual([
      "group:default/team-a",
      "group:default/team-data",
      "group:default/team-web",
    ]);
    expect(impact.systems).toEqual([{ ref: "system:default/shop", count: 7 }]);
    expect(impact.domains).toEqual([{ ref: "domain:default/sales", count: 7 }]);
    expect(impact.apis).toEqual(["api:default/cart-api"]);
    expect(impact.summary).toBe(
      "10 entities are affected if db fails, 3 directly, in 1 system; 3 owners to tell, first team-a; most at stake is web.",
    );
  });

  test("by origin, direction, depth and filter; pages go on where they ended", async () => {
    const refs = async (over: object): Promise<string[]> =>
      (await ask(getImpact, { ref: "resource:default/db", ...over }, catalog)).items.map((item) => item.ref).sort();
    expect(await refs({ origins: "declared", depth: 1 })).toEqual([ref("cart"), ref("ring-b")]);
    expect(await refs({ origins: "observed" })).toEqual(["app", "cart", "secret-job", "web"].map(ref));
    expect(await refs({ filter: "spec.owner=team-web" })).toEqual([ref("app"), ref("web")]);
    expect((await ask(getImpact, { ref: ref("web"), direction: "down" }, catalog)).items.map((item) => item.ref).sort()).toEqual([
      "api:default/cart-api",
      ref("cart"),
      "resource:default/db",
    ]);
    const whole = await ask(getImpact, { ref: "resource:default/db" }, catalog);
    const pages: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await ask(getImpact, { ref: "resource:default/db", limit: 3, cursor }, catalog);
      pages.push(...page.items.map((item) => item.ref));
      if ((cursor = page.nextCursor) === undefined) break;
    }
    expect(pages).toEqual(whole.items.map((item) => item.ref));
    await expect(ask(getImpact, { ref: ref("none") }, catalog)).rejects.toBeInstanceOf(NotFoundError);
    expect((await ask(getImpact, { ref: ref("web"), types: "calls" }, catalog)).summary).toBe("Nothing that is known stands on web.");
    await expect(ask(getImpact, { ref: ref("web"), types: "likes" }, catalog)).rejects.toBeInstanceOf(InvalidError);
  });

  test("of one version: those that reached it", async () => {
    const reached = await ask(getImpact, { ref: ref("cart"), version: "1" }, catalog);
    expect(reached.items.map((item) => item.ref).sort()).toEqual([ref("app"), ref("web"), "domain:default/sales", "system:default/shop"]);
    expect((await ask(getImpact, { ref: ref("cart"), version: "2" }, catalog)).total).toBe(0);
  });

  test("what is restricted is neither counted nor walked through", async () => {
    await put(
      "job.yaml",
      component("secret-job").replace("  description", "  annotations: {roadbed.dev/visible-to: team-x}\n  description"),
    );
    await ask(importSource, { target: world.folder });
    const seen = await ask(getImpact, { ref: "resource:default/db" }, catalog, { scopes: new Set(["catalog:read"]) });
    expect(seen.total).toBe(9);
    expect(JSON.stringify(seen)).not.toContain("secret-job");
  });
});

describe("a planned change", () => {
  test("of several entities is the union", async () => {
    const impact = await ask(planImpact, { refs: `${ref("cart")},${ref("ring-a")}` }, catalog);
    expect(impact.items.map((item) => item.ref)).toContain(ref("ring-b"));
    expect(impact.items.map((item) => item.ref)).not.toContain(ref("cart"));
    expect(impact.summary).toContain("the 2 entities of this change");
  });

  test("as a diff: entities by file and line, relations by the lines themselves", async () => {
    const text = service("cart", { more: "  providesApis: [cart-api]\n  dependsOn: [resource:default/db]\n" });
    const lines = text.trimEnd().split("\n");
    const begin = [service("web", { tier: "1", more: "x\n" }), service("app", { tier: "1", more: "x\n" })].join("---\n").split("\n").length;
    const at = begin + lines.length;
    const diff = [
      "diff --git a/all.yaml b/all.yaml",
      "--- a/all.yaml",
      "+++ b/all.yaml",
      `@@ -${at - 1},2 +${at - 1},2 @@`,
      ` ${lines.at(-2)}`,
      `-${lines.at(-1)}`,
      "+  dependsOn: [resource:default/db2]",
      "--- /dev/null",
      "+++ b/new.yaml",
      "@@ -0,0 +1,4 @@",
      "+apiVersion: backstage.io/v1alpha1",
      "+kind: Component",
      "+metadata:",
      "+  name: brand-new",
    ].join("\n");
    const impact = await ask(planImpact, { diff }, catalog);
    expect(impact.touched).toEqual([
      { ref: ref("cart"), how: "changed", file: "all.yaml" },
      { ref: ref("brand-new"), how: "added", file: "new.yaml" },
    ]);
    expect(impact.relations).toEqual([
      { from: ref("cart"), type: "dependsOn", to: "resource:default/db", change: "removed", file: "all.yaml" },
      { from: ref("cart"), type: "dependsOn", to: "resource:default/db2", change: "added", file: "all.yaml" },
    ]);
    expect(impact.start).toEqual([ref("cart")]);
    await expect(ask(planImpact, { diff: "hello" }, catalog)).rejects.toBeInstanceOf(InvalidError);
    await expect(ask(planImpact, { diff: "--- a/x.yaml\n+++ b/x.yaml\n@@ -1 +1 @@\n-a\n+b\n" }, catalog)).rejects.toBeInstanceOf(
      InvalidError,
    );
  });
});

describe("a view of the graph", () => {
  test("groups with counts, and what runs between them by origin; an open group shows its members", async () => {
    const closed = await ask(viewGraph, { filter: "kind=component,kind=api,kind=resource", groupBy: "system" }, catalog);
    expect(closed.nodes).toEqual([]);
    expect(closed.groups.map(({ key, count, open }) => [key, count, open])).toEqual([
      ["system:default/shop", 7, false],
      ["without system", 2, false],
    ]);
    expect(closed.bundles).toEqual([
      { from: "system:default/shop", to: "without system", declared: 2, observed: 1, inferred: 0, drift: 0, calls: 200, errors: 0 },
    ]);
    const open = await ask(
      viewGraph,
      { filter: "kind=component,kind=api,kind=resource", groupBy: "system", open: "system:default/shop" },
      catalog,
    );
    expect(open.nodes).toHaveLength(7);
    expect(open.edges.find(({ from, to }) => from === ref("web") && to === ref("cart"))).toMatchObject({
      type: "calls",
      origins: ["observed"],
      via: "api:default/cart-api",
      traffic: { calls: 80 },
    });
    expect(open.bundles).toContainEqual({
      from: ref("cart"),
      to: "without system",
      declared: 1,
      observed: 1,
      inferred: 0,
      drift: 0,
      calls: 200,
      errors: 0,
    });
    const few = await ask(viewGraph, { filter: "kind=component", limit: 2 }, catalog);
    expect([few.nodes.length, few.truncated, few.reached]).toEqual([2, true, 7]);
  });

  test("declared and observed between the same ends are one edge; what nobody declares is marked", async () => {
    const { edges } = await ask(viewGraph, { ref: "resource:default/db", depth: 1 }, catalog);
    expect(edges.map(({ from, type, origins, drift }) => [from, type, origins, drift])).toEqual([
      [ref("cart"), "dependsOn", ["declared", "observed"], undefined],
      [ref("ring-b"), "dependsOn", ["declared"], undefined],
      [ref("secret-job"), "uses", ["observed"], "undeclared"],
    ]);
    const declared = await ask(viewGraph, { ref: "resource:default/db", origins: "declared" }, catalog);
    expect(declared.nodes).toHaveLength(3);
  });

  test("groups that contain each other end", async () => {
    const ring = ["one, two", "two, one"].map((pair) => pair.split(", ") as [string, string]);
    const domains = ring.map(([name, above]) => entity("Domain", name, `owner: a, subdomainOf: ${above}`));
    await put("ring.yaml", [...domains, entity("System", "lost", "owner: a, domain: one")].join("---\n"));
    await ask(importSource, { target: world.folder });
    const view = await ask(viewGraph, { filter: "kind=system,kind=domain", groupBy: "domain" }, catalog);
    expect(view.groups.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    expect((await ask(getImpact, { ref: "domain:default/one" }, catalog)).total).toBe(1);
  });

  test("ways between two things, the shortest first", async () => {
    const { items } = await ask(findPaths, { from: ref("web"), to: "resource:default/db" }, catalog);
    expect(items.map(({ text }) => text)).toEqual(["web → cart → db", "web → cart-api → cart → db"]);
    expect(items[0]!.edges.map(({ type }) => type)).toEqual(["calls", "dependsOn"]);
    expect((await ask(findPaths, { from: ref("ring-a"), to: ref("web") }, catalog)).items).toEqual([]);
    expect((await ask(findPaths, { from: ref("ring-a"), to: ref("web"), direction: "any" }, catalog)).items[0]!.length).toBe(2);
  });

  test("is written as Mermaid, CSV, DOT and SVG", async () => {
    const write = async (format: "mermaid" | "csv" | "dot" | "svg"): Promise<string> =>
      (await ask(exportGraph, { ref: "resource:default/db", depth: 1, format }, catalog)).text;
    expect(await write("mermaid")).toMatch(/^flowchart LR\n[\s\S]*n\d -\.->\|"uses"\| n\d/);
    expect((await write("csv")).split("\r\n").slice(0, 2)).toEqual([
      "from,type,to,origins,calls_24h,errors_24h,drift",
      `${ref("cart")},dependsOn,resource:default/db,declared observed,200,0,`,
    ]);
    expect(await write("dot")).toContain(`"${ref("secret-job")}" -> "resource:default/db" [label="uses", style=dashed];`);
    expect(await write("svg")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });
});
