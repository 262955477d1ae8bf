import { InvalidError } from "@roadbed/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { validateEntity } from "../entity/validate-entity.ts";
import { createKinds } from "../kinds/registry.ts";
import { guessMapping, readTable } from "./from-csv.ts";
import { readUpload } from "./read-upload.ts";
import { nameOf, repositoryAnnotation } from "./words.ts";

const kinds = createKinds();
const read = (text: string, more: object = {}) => readUpload({ text, format: "auto", ...more });
const documents = async (text: string, more: object = {}): Promise<any[]> =>
  (await read(text, more)).drafts.map(({ document }) => document);

/** Whatever an importer makes is a good entity. */
async function expectGood(text: string): Promise<void> {
  const { drafts } = await read(text);
  expect(drafts.length).toBeGreaterThan(0);
  const given = drafts.flatMap(({ document }) => (document["kind"] === "Kind" ? [document] : []));
  const known = kinds.with(given.flatMap((document) => kinds.compile(document, given).kind ?? []));
  for (const { document } of drafts) expect(validateEntity(document, known).faults, JSON.stringify(document)).toEqual([]);
}

const PORT = JSON.stringify({
  blueprints: [
    {
      identifier: "service",
      title: "Service",
      schema: { properties: { url: { type: "string", format: "url", title: "Repo" } } },
      relations: { db: { target: "database" }, system: { target: "system" } },
    },
    { identifier: "database", title: "Database", schema: { properties: {} }, relations: {} },
    { identifier: "system", title: "System", schema: { properties: {} }, relations: {} },
  ],
  entities: [
    {
      identifier: "orders",
      title: "Orders",
      blueprint: "service",
      team: ["Team A"],
      properties: { url: "https://github.com/acme/orders", lifecycle: "Production", tags: ["Java"] },
      relations: { db: "orders-db", system: "shop" },
    },
    { identifier: "orders-db", title: "Orders DB", blueprint: "database", properties: { engine: "postgres" }, relations: {} },
    { identifier: "shop", blueprint: "system", team: "team-a", properties: {} },
    { identifier: "ada", title: "Ada", blueprint: "_user", team: ["team-a"], properties: { email: "ada@example.com" } },
    { identifier: "team-a", title: "Team A", blueprint: "_team", properties: {} },
    { identifier: "???", blueprint: "service" },
    { something: "else" },
  ],
});

describe("port", () => {
  test("blueprints become kinds, relations become ours, nothing is lost", async () => {
    const { format, skipped, notes } = await read(PORT);
    expect(format).toBe("port");
    const [kind, orders, database, system, ada, team] = await documents(PORT);
    expect(orders).toMatchObject({
      kind: "Component",
      metadata: {
        name: "orders",
        title: "Orders",
        tags: ["java"],
        links: [{ url: "https://github.com/acme/orders", title: "Repo" }],
        annotations: { "github.com/project-slug": "acme/orders", "getport.io/blueprint": "service" },
      },
      spec: {
        type: "service",
        lifecycle: "production",
        owner: "Team-A",
        system: "shop",
        dependsOn: ["database:orders-db"],
        properties: { lifecycle: "Production" },
      },
    });
    expect(kind).toMatchObject({ kind: "Kind", metadata: { name: "Database", title: "Database" } });
    expect(database).toMatchObject({ apiVersion: "roadbed.dev/v1", kind: "Database", spec: { engine: "postgres" } });
    expect(system).toMatchObject({ kind: "System", spec: { owner: "team-a" } });
    expect(ada).toMatchObject({ kind: "User", spec: { memberOf: ["team-a"], profile: { email: "ada@example.com" } } });
    expect(team).toMatchObject({ kind: "Group", spec: { type: "team", children: [] } });
    expect(skipped).toHaveLength(2);
    expect(notes.join(" ")).toContain("database become Database, a kind of their own");
  });
  test("is good", () => expectGood(PORT));

  test("whatever blueprints there are, the kinds they become are good, and so are their entities", async () => {
    const word = fc.oneof(
      fc.constantFrom("env", "Cloud Resource", "kind", "template", "owner", "team", "a-b", "9lives", "location", "größe"),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    );
    const property = fc.record(
      {
        type: fc.constantFrom("string", "number", "boolean", "array", "object"),
        format: fc.constantFrom("url", "user", "team", "yaml", "timer"),
        icon: fc.constant("Git"),
        pattern: fc.constantFrom("^a+$", "(?=x)y", "^v[0-9]+"),
        enumColors: fc.constant({ a: "red" }),
      },
      { requiredKeys: ["type"] },
    );
    const blueprint = fc.record({
      identifier: word,
      title: word,
      schema: fc.record({ properties: fc.dictionary(word, property, { maxKeys: 4 }) }),
      relations: fc.dictionary(word, fc.record({ target: word, many: fc.boolean(), title: word }), { maxKeys: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(blueprint, { minLength: 1, maxLength: 5, selector: ({ identifier }) => identifier }),
        async (blueprints) => {
          const entities = blueprints.map(({ identifier, relations }, at) => ({
            identifier: `e${at}`,
            blueprint: identifier,
            properties: {},
            relations: Object.fromEntries(Object.entries(relations).map(([name, { many }]) => [name, many ? ["e0"] : "e0"])),
          }));
          const { drafts } = await read(JSON.stringify({ blueprints, entities }), { format: "port" });
          const given = drafts.flatMap(({ document }) => (document["kind"] === "Kind" ? [document] : []));
          for (const document of given) {
            const { faults } = kinds.compile(document);
            expect(faults.filter(({ reason }) => !reason.includes("not understood here"))).toEqual([]);
          }
          expect(new Set(given.map(({ metadata }) => (metadata as { name: string }).name.toLowerCase())).size).toBe(given.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

const COMPASS = `configVersion: 1
name: Orders Service
id: 'ari:cloud:compass:x:component/a/1'
description: Takes orders.
typeId: SERVICE
ownerId: 'ari:cloud:identity::team/team-a'
fields: {tier: 2, lifecycle: Active}
links: [{name: Code, type: REPOSITORY, url: 'https://github.com/acme/orders.git'}, {name: broken, url: nowhere}]
labels: ['foo:bar', baz]
customFields: [{name: platform, type: text, value: web}]
relationships: {DEPENDS_ON: ['ari:cloud:compass:x:component/a/2', 'ari:cloud:compass:x:component/a/9']}
---
name: bill
id: 'ari:cloud:compass:x:component/a/2'
typeId: CLOUD_RESOURCE
---
typeId: SERVICE
`;

describe("compass", () => {
  test("components with their links, labels, fields and relationships", async () => {
    const { format, skipped, notes } = await read(COMPASS);
    expect(format).toBe("compass");
    expect((await documents(COMPASS))[0]).toMatchObject({
      kind: "Component",
      metadata: {
        name: "Orders-Service",
        title: "Orders Service",
        tags: ["foo-bar", "baz"],
        labels: { tier: "2" },
        annotations: { "github.com/project-slug": "acme/orders" },
      },
      spec: { type: "service", lifecycle: "production", owner: "team-a", dependsOn: ["resource:bill"], properties: { platform: "web" } },
    });
    expect((await documents(COMPASS))[0].metadata.links).toHaveLength(1);
    expect(skipped).toEqual([expect.objectContaining({ line: 17, at: "name" })]);
    expect(notes).toEqual([expect.stringContaining("1 relationships")]);
  });
  test("is good", () => expectGood(COMPASS));
});

const CORTEX = `openapi: 3.0.1
info:
  title: Orders Service
  description: Takes orders.
  x-cortex-tag: orders
  x-cortex-type: service
  x-cortex-groups: [Tier One]
  x-cortex-owners: [{type: email, email: ada@example.com}, {type: group, name: team-a, provider: CORTEX}]
  x-cortex-git: {github: {repository: acme/orders}}
  x-cortex-link: [{name: Runbook, type: runbook, url: 'https://example.com/run'}]
  x-cortex-dependency: [{tag: bill}]
  x-cortex-oncall: {pagerduty: {id: P123, type: SERVICE}}
  x-cortex-custom-metadata: {key: {value: 7, description: x}, plain: y}
---
openapi: 3.0.1
info: {title: Shop, x-cortex-tag: shop, x-cortex-type: domain, x-cortex-owners: [{type: email, email: ada@example.com}]}
---
openapi: 3.0.1
info: {title: Team A, x-cortex-tag: team-a, x-cortex-type: team, x-cortex-team: {members: [{name: Ada, email: ada@example.com}]}}
---
openapi: 3.0.1
info: {title: no tag}
`;

describe("cortex", () => {
  test("descriptors become entities; a group owns before a person", async () => {
    expect((await read(CORTEX)).format).toBe("cortex");
    const [orders, shop, team] = await documents(CORTEX);
    expect(orders).toMatchObject({
      kind: "Component",
      metadata: {
        name: "orders",
        tags: ["tier-one"],
        annotations: { "github.com/project-slug": "acme/orders", "pagerduty.com/service-id": "P123" },
      },
      spec: { owner: "team-a", lifecycle: "unknown", dependsOn: ["component:bill"], properties: { key: 7, plain: "y" } },
    });
    expect(shop).toMatchObject({ kind: "Domain", spec: { owner: "user:ada" } });
    expect(team).toMatchObject({ kind: "Group", spec: { members: ["ada"] } });
    expect((await read(CORTEX)).skipped).toHaveLength(1);
  });
  test("is good", () => expectGood(CORTEX));
});

const OPSLEVEL = `version: 1
service:
  name: Order Processor
  owner: orders_team
  lifecycle: generally_available
  tier: tier_1
  language: Ruby
  aliases: [orders, order_processor]
  tags: [{key: environment, value: production}]
  tools: [{name: Datadog, category: metrics, url: 'https://example.com/dd'}]
  repositories: [{name: acme/orders, provider: github}]
  dependencies: [{alias: bill}]
---
version: 1
repository: {name: acme/x}
`;

describe("opslevel", () => {
  test("services become components; repositories are told", async () => {
    expect((await read(OPSLEVEL)).format).toBe("opslevel");
    expect((await documents(OPSLEVEL))[0]).toMatchObject({
      metadata: {
        name: "Order-Processor",
        title: "Order Processor",
        labels: { tier: "tier_1", environment: "production" },
        annotations: { "github.com/project-slug": "acme/orders", "opslevel.com/aliases": "orders,order_processor" },
      },
      spec: { owner: "orders_team", lifecycle: "production", dependsOn: ["component:bill"], properties: { language: "Ruby" } },
    });
    expect((await read(OPSLEVEL)).skipped).toMatchObject([{ at: "repository" }]);
  });
  test("is good", () => expectGood(OPSLEVEL));
});

const TABLE = `Service;Owner Team;Status;Repo;Tags;Cost centre
Orders Service;team a;live;https://github.com/acme/orders;java, web;42
"Bill; and more";ada@example.com;;;;
;team b;;;;
`;

describe("tables", () => {
  test("columns are guessed, and what is not used is told", async () => {
    const { format, mapping, columns, notes, skipped } = await read(TABLE);
    expect(format).toBe("csv");
    expect(mapping).toEqual({
      "metadata.name": "Service",
      "spec.owner": "Owner Team",
      "spec.lifecycle": "Status",
      repository: "Repo",
      "metadata.tags": "Tags",
      kind: "=Component",
    });
    expect(columns[0]).toEqual({ name: "Service", example: "Orders Service" });
    expect(notes).toEqual(["Columns that are not used: Cost centre."]);
    expect(skipped).toEqual([expect.objectContaining({ line: 4, at: "Service" })]);
    expect(await documents(TABLE)).toMatchObject([
      {
        metadata: {
          name: "Orders-Service",
          title: "Orders Service",
          tags: ["java", "web"],
          annotations: { "github.com/project-slug": "acme/orders" },
        },
        spec: { type: "service", owner: "team-a", lifecycle: "production" },
      },
      { metadata: { name: "Bill-and-more" }, spec: { owner: "user:ada", lifecycle: "unknown" } },
    ]);
  });
  test("is good", () => expectGood(TABLE));
  test("a mapping decides, and may set the same for all", async () => {
    const mapping = {
      "metadata.name": "Service",
      kind: "=Resource",
      "spec.type": "=database",
      "metadata.annotations.example.com/cost": "Cost centre",
    };
    expect((await documents(TABLE, { mapping }))[0]).toMatchObject({
      kind: "Resource",
      metadata: { annotations: { "example.com/cost": "42" } },
      spec: { type: "database", owner: "unknown" },
    });
    await expect(read(TABLE, { mapping: { "metadata.name": "None" } })).rejects.toThrow(/no column "None"/);
  });
  test("the guess names only columns that are there, each once", async () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[A-Za-z][A-Za-z ]{0,10}[A-Za-z]$/), { minLength: 2, maxLength: 8 }), (names) => {
        const table = readTable(`${names.join(",")}\n${names.map(() => "x").join(",")}\n`);
        const used = Object.values(guessMapping(table)).filter((column) => !column.startsWith("="));
        expect(new Set(used).size).toBe(used.length);
        for (const column of used) expect(names).toContain(column);
      }),
    );
  });
  test("no table makes it fail in other words than its own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
        try {
          await readUpload({ text: `a,b\n${text}`, format: "csv" });
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidError);
        }
      }),
    );
  });
});

test("descriptors are taken as they are, and what is nothing known is refused", async () => {
  const descriptor = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: a}\nspec: {type: team, children: []}\n";
  expect(await read(descriptor)).toMatchObject({ format: "descriptors", drafts: [{ line: 1, document: { kind: "Group" } }] });
  await expect(read("just words")).rejects.toThrow(InvalidError);
  expect((await read('{"a": 1,}\n{"b": 2}', { format: "port" })).skipped.length).toBeGreaterThan(0);
});

test("nothing that is uploaded makes it fail in other words than its own", async () => {
  const formats = fc.constantFrom("auto", "port", "compass", "cortex", "opslevel", "descriptors");
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string()), formats, async (text, format) => {
      try {
        await readUpload({ text, format: format as "auto" });
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidError);
      }
    }),
  );
});

test("names are names or nothing", async () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (text) => {
      const name = nameOf(text);
      if (name !== undefined) expect(name).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
    }),
  );
});

test.each([
  ["https://github.com/acme/orders.git", { "github.com/project-slug": "acme/orders" }],
  ["git@github.com:acme/orders.git", { "github.com/project-slug": "acme/orders" }],
  ["https://gitlab.example.com/a/b/c", { "gitlab.com/project-slug": "a/b/c" }],
  ["https://example.com/x/y", {}],
  ["orders", {}],
])("the repository %s", (address, expected) => {
  expect(repositoryAnnotation(address)).toEqual(expected);
});
