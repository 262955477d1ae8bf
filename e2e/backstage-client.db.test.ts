/** Backstage's own client, unchanged, in every method, against the catalogue with real descriptors in it. */
import { CATALOG_FILTER_EXISTS } from "@backstage/catalog-client";
import { eventually } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openBackstageWorld, type BackstageWorld } from "./lib/backstage-world.ts";

let world: BackstageWorld;
const refs = (items: readonly { kind: string; metadata: { namespace?: string; name: string } }[]): string[] =>
  items.map(({ kind, metadata }) => `${kind}:${metadata.namespace ?? "default"}/${metadata.name}`.toLowerCase());

const OWN = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: alpha
  title: The first
  tags: [tag-one, tag-two]
  annotations: {github.com/project-slug: Acme/Alpha, example.com/long: ${"x".repeat(201)}}
  labels: {tier: "1"}
spec: {type: service, lifecycle: production, owner: team-x, dependsOn: ["component:beta"], nested: [{deep: Value, size: 7}]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: beta, tags: [tag-one]}
spec: {type: Website, lifecycle: experimental, owner: "group:other/team-x", empty: ""}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team-x}
spec: {type: team, children: []}
`;

beforeAll(async () => {
  world = await openBackstageWorld();
  await world.put({ "own.yaml": OWN });
});
afterAll(() => world.close());

/** What the client throws: a `ResponseError` with what it understood of the answer. */
const failure = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: "ResponseError" });
  return error;
};

describe("getEntities", () => {
  test("without a limit answers everything, by reference", async () => {
    const { items } = await world.client.getEntities();
    expect(items.length).toBeGreaterThan(30);
    const all = refs(items);
    expect(all).toEqual([...all].sort());
    expect(new Set(items.map(({ kind }) => kind))).toContain("Template");
  });

  test("pages by a link", async () => {
    const response = await world.fetch("/entities?filter=kind=template&limit=2&offset=1&order=desc:metadata.name");
    const first = (await response.json()) as { metadata: { name: string } }[];
    const all = (await world.client.getEntities({ filter: { kind: "template" }, order: { field: "metadata.name", order: "desc" } })).items;
    expect(first.map(({ metadata }) => metadata.name)).toEqual(all.slice(1, 3).map(({ metadata }) => metadata.name));
    const [, path, after] = /^<\/api\/catalog(.*after=([^&]*).*)>; rel="next"$/.exec(response.headers.get("link")!)!;
    const second = (await (await world.fetch(path!)).json()) as typeof first;
    expect(second[0]!.metadata.name).toBe(all[3]!.metadata.name);
    const { items } = await world.client.getEntities({
      after: decodeURIComponent(after!),
      filter: { kind: "template" },
      order: { field: "metadata.name", order: "desc" },
    });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(second.map(({ metadata }) => metadata.name));
  });

  test("sorts by several fields, those without at the end", async () => {
    const { items } = await world.client.getEntities({
      fields: ["kind", "metadata.name", "spec.type"],
      order: [
        { field: "kind", order: "desc" },
        { field: "metadata.title", order: "asc" },
      ],
    });
    expect(items[0]!.kind).toBe("Template");
    const components = items.filter(({ kind }) => kind === "Component");
    expect(components[0]!.metadata.name).toBe("alpha");
    expect(Object.keys(items[0]!)).toEqual(["kind", "metadata", "spec"]);
  });

  test.each(["limit=0", "limit=-1", "offset=-1", "after=", "limit=x", "order=up:kind", "filter==x", "fields=spec.a[0]", "after=nonsense"])(
    "%s is refused",
    async (query) => {
      const response = await world.fetch(`/entities?${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { name: "InputError" },
        request: { method: "GET" },
        response: { statusCode: 400 },
      });
    },
  );
});

describe("filters", () => {
  const find = async (filter: string): Promise<string[]> => {
    const found = await world.fetch(`/entities/by-query?fields=metadata.name&orderField=metadata.name&filter=${filter}`);
    return ((await found.json()) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
  };
  const OURS = "metadata.tags=tag-one";

  test.each<[what: string, filter: string, expected: string[]]>([
    ["AND", "kind=component,metadata.tags=tag-two", ["alpha"]],
    ["OR of one key's values", "metadata.name=alpha,metadata.name=team-x", ["alpha", "team-x"]],
    ["OR of groups", "metadata.name=alpha&filter=kind=group,metadata.name=team-x", ["alpha", "team-x"]],
    ["a key that exists", "metadata.labels.tier", ["alpha"]],
    ["whitespace", "%20kind%20=%20component%20,%20metadata.tags%20=%20tag-two%20", ["alpha"]],
    ["only the first = splits", "metadata.annotations.github.com/project-slug=a=b", []],
    ["any case of keys and values", "KIND=COMPONENT,Metadata.Annotations.GitHub.com/Project-Slug=acme/alpha", ["alpha"]],
    ["values of any case", `${OURS},spec.type=website`, ["beta"]],
    ["lists", "metadata.tags=tag-one", ["alpha", "beta"]],
    ["an item of a list as a key", "metadata.tags.tag-one=true", ["alpha", "beta"]],
    ["an item of any list of texts", "spec.dependson.component:beta", ["alpha"]],
    ["objects in lists", "spec.nested.deep=value,spec.nested.size=7", ["alpha"]],
    ["relations", "relations.dependsOn=component:default/beta", ["alpha"]],
    ["relations the other way", "relations.dependencyof=component:default/alpha", ["beta"]],
    ["a relation that exists", "relations.dependsOn,metadata.tags=tag-one", ["alpha"]],
    ["the default namespace", "metadata.namespace=default,metadata.tags=tag-one", ["alpha", "beta"]],
    ["a long value, that is there", "metadata.annotations.example.com/long", ["alpha"]],
    ["a long value, that equals nothing", `metadata.annotations.example.com/long=${"x".repeat(201)}`, []],
    ["an empty value", "spec.empty=", ["beta"]],
    ["what is not indexed", "metadata.etag", []],
    ["status", "status.items", []],
    ["nothing like it", "no.such.key=x", []],
  ])("%s", async (_, filter, expected) => {
    expect(await find(filter)).toEqual(expected);
  });

  test("by what only the server knows", async () => {
    const { metadata } = (await world.client.getEntityByRef("component:alpha"))!;
    expect(await find(`metadata.uid=${metadata.uid}`)).toEqual(["alpha"]);
    const { "backstage.io/managed-by-location": location } = metadata.annotations!;
    expect(location).toMatch(/^file:.*own\.yaml$/);
    expect(await find(`metadata.annotations.backstage.io/managed-by-location=${encodeURIComponent(location!)}`)).toEqual([
      "alpha",
      "beta",
      "team-x",
    ]);
    expect(await find("metadata.annotations.backstage.io/orphan=true")).toEqual([]);
  });
});

describe("queryEntities", () => {
  const names = async (request: Parameters<typeof world.client.queryEntities>[0]): Promise<string[]> =>
    (await world.client.queryEntities(request)).items.map(({ metadata }) => metadata.name);

  test.each(["GET", "POST"])("pages there and back by %s", async (verb) => {
    const question = verb === "GET" ? { filter: { kind: "template" } } : { query: { kind: "template" } };
    const order = { orderFields: { field: "metadata.title", order: "desc" as const } };
    const first = await world.client.queryEntities({ ...question, ...order, limit: 5 });
    expect(world.last()).toMatchObject({ method: verb });
    expect(first.pageInfo.prevCursor).toBeUndefined();
    const second = await world.client.queryEntities({ cursor: first.pageInfo.nextCursor!, limit: 5, fields: ["metadata.name"] });
    expect(world.last()).toMatchObject({ method: verb });
    expect(second.items[0]).toEqual({ metadata: { name: expect.any(String) } });
    expect(second.totalItems).toBe(first.totalItems);
    const back = await world.client.queryEntities({ cursor: second.pageInfo.prevCursor!, limit: 5 });
    expect(back.items).toEqual(first.items);
    expect(back.pageInfo.prevCursor).toBeUndefined();
    const again = await world.client.queryEntities({ cursor: back.pageInfo.nextCursor!, limit: 5 });
    expect(again.items.map(({ metadata }) => metadata.name)).toEqual(second.items.map(({ metadata }) => metadata.name));
  });

  test("either verb takes the other's cursor", async () => {
    const { pageInfo } = await world.client.queryEntities({ filter: { kind: "template" }, limit: 1 });
    const body = JSON.stringify({ cursor: pageInfo.nextCursor, limit: 1 });
    const byPost = await world.fetch("/entities/by-query", { method: "POST", body, headers: { "content-type": "application/json" } });
    const byGet = await world.fetch(`/entities/by-query?limit=1&cursor=${encodeURIComponent(pageInfo.nextCursor!)}`);
    expect(((await byPost.json()) as { items: unknown[] }).items).toEqual(((await byGet.json()) as { items: unknown[] }).items);
  });

  test("those without the field that is sorted by are not there, and not counted", async () => {
    const answer = await world.client.queryEntities({
      filter: { "metadata.tags": "tag-one" },
      orderFields: { field: "metadata.labels.tier", order: "asc" },
    });
    expect(refs(answer.items)).toEqual(["component:default/alpha"]);
    expect(answer.totalItems).toBe(1);
  });

  test("counts alone, and leaves counting out", async () => {
    expect(await world.client.queryEntities({ filter: { "metadata.tags": "tag-one" }, limit: 0 })).toEqual({
      items: [],
      totalItems: 2,
      pageInfo: {},
    });
    expect((await world.client.queryEntities({ filter: { kind: "template" }, totalItems: "exclude", limit: 1 })).totalItems).toBe(0);
  });

  test("finds text in the fields that are named, in the one sorted by, and without either nowhere", async () => {
    expect(await names({ fullTextFilter: { term: " FIRST ", fields: ["metadata.title"] } })).toEqual(["alpha"]);
    expect(await names({ fullTextFilter: { term: "lph" }, orderFields: { field: "metadata.name", order: "asc" } })).toEqual(["alpha"]);
    expect(await names({ fullTextFilter: { term: "alpha" } })).toEqual([]);
    expect(await names({ fullTextFilter: { term: "a%h_", fields: ["metadata.name"] }, filter: { kind: "component" } })).toContain("alpha");
    expect(
      await names({ query: { "metadata.tags": { $contains: "tag-two" } }, fullTextFilter: { term: "alp", fields: ["metadata.name"] } }),
    ).toEqual(["alpha"]);
  });

  test.each<[what: string, query: object, expected: string[]]>([
    ["equal, numbers as text", { "spec.nested.size": "7" }, ["alpha"]],
    ["numbers", { "spec.nested.size": 7 }, ["alpha"]],
    ["several fields", { kind: "component", "metadata.tags": "tag-two" }, ["alpha"]],
    ["$all", { $all: [{ "metadata.tags": "tag-one" }, { "spec.type": "WEBSITE" }] }, ["beta"]],
    ["$any", { $any: [{ "metadata.tags": "tag-two" }, { "spec.type": "website", "metadata.tags": "tag-one" }] }, ["alpha", "beta"]],
    ["$not", { $all: [{ "metadata.tags": "tag-one" }, { $not: { "metadata.tags": "tag-two" } }] }, ["beta"]],
    ["$exists", { "metadata.labels.tier": { $exists: true } }, ["alpha"]],
    ["$exists: false", { "metadata.tags": "tag-one", "metadata.labels.tier": { $exists: false } }, ["beta"]],
    ["$in", { "metadata.name": { $in: ["ALPHA", "nobody"] } }, ["alpha"]],
    ["$contains a text", { "metadata.tags": { $contains: "Tag-Two" } }, ["alpha"]],
    ["$contains one of several", { "metadata.tags": { $contains: { $any: ["tag-two", "rust"] } } }, ["alpha"]],
    ["$contains an object", { "spec.nested": { $contains: { deep: "value", size: 7 } } }, ["alpha"]],
    ["$contains no such object", { "spec.nested": { $contains: { deep: "value", size: 8 } } }, []],
    ["$hasPrefix", { "metadata.annotations.github.com/project-slug": { $hasPrefix: "acme/" } }, ["alpha"]],
    ["$contains a relation", { relations: { $contains: { type: "dependsOn", targetRef: "component:default/beta" } } }, ["alpha"]],
    [
      "$contains a relation of some",
      { relations: { $contains: { type: "ownedBy", targetRef: { $in: ["group:default/team-x", "group:other/team-x"] } } } },
      ["alpha", "beta"],
    ],
    [
      "$contains a relation by prefix",
      { "metadata.tags": "tag-one", relations: { $contains: { type: "ownedBy", targetRef: { $hasPrefix: "group:other/" } } } },
      ["beta"],
    ],
    ["$contains any relation of a type", { relations: { $contains: { type: "dependencyOf" } } }, ["beta"]],
    ["no alternatives", { $any: [] }, []],
  ])("predicate: %s", async (_, query, expected) => {
    expect((await names({ query: query as never, orderFields: { field: "metadata.name", order: "asc" } })).sort()).toEqual(expected);
  });

  test("a filter beside a predicate must hold too", async () => {
    expect(
      await names({
        query: { "metadata.tags": "tag-one" },
        filter: [{ "spec.type": ["website", "x"] }, { "metadata.uid": CATALOG_FILTER_EXISTS, kind: "group" }],
      }),
    ).toEqual(["beta"]);
  });

  test("what is no predicate and no cursor is refused", async () => {
    expect(await failure(world.client.queryEntities({ cursor: "bm9uc2Vuc2U=" }))).toMatchObject({
      statusCode: 400,
      cause: { name: "InputError" },
    });
    for (const body of [{ query: [] }, { query: "x" }, { query: { kind: { $like: "x" } } }, { query: { $all: 1 } }, { limit: -1 }]) {
      const response = await world.fetch("/entities/by-query", {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
      expect(response.status, JSON.stringify(body)).toBe(400);
    }
  });
});

test("streamEntities brings each entity once", async () => {
  const seen: string[] = [];
  for await (const page of world.client.streamEntities({ pageSize: 7 })) seen.push(...refs(page));
  expect(seen.toSorted()).toEqual(refs((await world.client.getEntities()).items));
});

test("getEntitiesByRefs keeps the order, and answers null for what is not there, filtered out or written otherwise", async () => {
  const entityRefs = ["component:default/beta", "component:default/none", "Component:default/alpha", "component:default/alpha"];
  const { items } = await world.client.getEntitiesByRefs({ entityRefs, fields: ["metadata.name"] });
  expect(items).toEqual([{ metadata: { name: "beta" } }, undefined, undefined, { metadata: { name: "alpha" } }]);
  const filtered = await world.client.getEntitiesByRefs({ entityRefs, filter: { "spec.type": "service" } });
  expect(filtered.items.map((item) => item?.metadata.name)).toEqual([undefined, undefined, undefined, "alpha"]);
  const predicated = await world.client.getEntitiesByRefs({ entityRefs, query: { "spec.type": "website" } });
  expect(predicated.items.map((item) => item?.metadata.name)).toEqual(["beta", undefined, undefined, undefined]);
  const many = Array.from({ length: 2_500 }, (_, at) => (at === 2_400 ? "component:default/alpha" : `component:default/none-${at}`));
  expect((await world.client.getEntitiesByRefs({ entityRefs: many })).items.findIndex(Boolean)).toBe(2_400);
});

test("getEntityByRef does not mind case, and knows what is not there", async () => {
  const entity = (await world.client.getEntityByRef("COMPONENT:Default/Alpha"))!;
  expect(entity).toMatchObject({
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name: "alpha", namespace: "default", uid: expect.stringMatching(/^[0-9a-f-]{36}$/), etag: expect.any(String) },
  });
  expect(entity.relations).toEqual([
    { type: "dependsOn", targetRef: "component:default/beta" },
    { type: "ownedBy", targetRef: "group:default/team-x" },
  ]);
  expect(await world.client.getEntityByName({ kind: "component", namespace: "default", name: "alpha" })).toEqual(entity);
  expect(await world.client.getEntityByRef("component:none")).toBeUndefined();
  const missing = await world.fetch("/entities/by-name/component/default/none");
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({
    error: { name: "NotFoundError", message: "No entity named 'none' found, with kind 'component' in namespace 'default'" },
  });
});

test("getEntityAncestors", async () => {
  const { rootEntityRef, items } = await world.client.getEntityAncestors({ entityRef: "component:alpha" });
  expect(rootEntityRef).toBe("component:default/alpha");
  expect(items.map(({ entity, parentEntityRefs }) => [entity.metadata.name, parentEntityRefs])).toEqual([["alpha", []]]);
  expect(await failure(world.client.getEntityAncestors({ entityRef: "component:none" }))).toMatchObject({ statusCode: 404 });
});

describe("getEntityFacets", () => {
  test.each(["filter", "query"])("counts values as they are written, by %s", async (way) => {
    const { facets } = await world.client.getEntityFacets({
      facets: ["spec.type", "metadata.tags", "relations.ownedBy", "no.such"],
      ...(way === "filter" ? { filter: { "metadata.tags": "tag-one" } } : { query: { "metadata.tags": "tag-one" } }),
    });
    expect(world.last().method).toBe(way === "filter" ? "GET" : "POST");
    expect(facets["spec.type"]).toEqual(
      expect.arrayContaining([
        { value: "Website", count: 1 },
        { value: "service", count: 1 },
      ]),
    );
    expect(facets["metadata.tags"]).toEqual([
      { value: "tag-one", count: 2 },
      { value: "tag-two", count: 1 },
    ]);
    expect(facets["relations.ownedBy"]).toHaveLength(2);
    expect(facets["no.such"]).toEqual([]);
  });

  test("needs a facet", async () => {
    expect((await world.fetch("/entity-facets")).status).toBe(400);
    expect(await failure(world.client.getEntityFacets({ facets: [], query: { kind: "x" } }))).toMatchObject({ statusCode: 400 });
  });
});

test("validateEntity says what is wrong", async () => {
  const entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name: "x" },
    spec: { type: "a", lifecycle: "b", owner: "c" },
  };
  expect(await world.client.validateEntity(entity, "url:https://example.com/x.yaml")).toEqual({ valid: true });
  const wrong = await world.client.validateEntity({ ...entity, metadata: { name: "not a name" } }, "url:https://example.com/x.yaml");
  expect(wrong).toMatchObject({ valid: false, errors: [{ name: "InputError", message: expect.stringContaining("metadata.name") }] });
  expect(await world.client.validateEntity(entity, "file:/x")).toMatchObject({ valid: false, errors: [{ name: "TypeError" }] });
});

test("who is not known or may not is told so", async () => {
  expect(await failure(world.client.getEntities({}, { token: "bad" }))).toMatchObject({
    statusCode: 401,
    cause: { name: "AuthenticationError" },
  });
  expect((await fetch((await world.fetch("/locations")).url)).status).toBe(401);
  expect(await failure(world.client.refreshEntity("component:default/alpha", { token: "reader" }))).toMatchObject({
    statusCode: 403,
    cause: { name: "NotAllowedError" },
  });
  const nowhere = await world.fetch("/nothing/here");
  expect(nowhere.status).toBe(404);
  expect(await nowhere.json()).toMatchObject({ error: { name: "NotFoundError" }, response: { statusCode: 404 } });
});

describe("locations", () => {
  const author = { name: "Ada", email: "ada@example.com" };
  const commit = (files: Readonly<Record<string, string>>) =>
    world.repositories.commitFiles("shop", {
      branch: "main",
      files: Object.entries(files).map(([path, content]) => ({ path, content })),
      message: "x",
      author,
    });
  const descriptor = (name: string, type = "service"): string =>
    `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}}\nspec: {type: ${type}, lifecycle: production, owner: team-x}\n`;

  test("are added, found, refreshed, pointed elsewhere and removed", async () => {
    await world.repositories.init("shop");
    await commit({ "catalog-info.yaml": descriptor("cart"), "other.yaml": descriptor("bill"), "third.yaml": descriptor("ship") });
    const repository = `file://${world.home}/git/shop.git`;
    const spec = { type: "url", target: `${repository}#catalog-info.yaml` };

    const preview = await world.client.addLocation({ ...spec, dryRun: true });
    expect(refs(preview.entities)).toEqual(["component:default/cart"]);
    expect(preview.exists).toBe(false);
    expect(await world.client.getEntityByRef("component:cart")).toBeUndefined();

    const { location, entities } = await world.client.addLocation(spec);
    expect(location).toEqual({ id: expect.any(String), ...spec });
    expect(refs(entities)).toEqual(["component:default/cart"]);
    expect(await world.client.getEntityByRef("component:bill")).toBeUndefined();
    expect(await failure(world.client.addLocation(spec))).toMatchObject({ statusCode: 409, cause: { name: "ConflictError" } });
    expect(await world.client.addLocation({ ...spec, onConflict: "refresh" })).toMatchObject({ location, exists: true });
    expect((await world.client.addLocation({ ...spec, dryRun: true })).exists).toBe(true);

    expect(await world.client.getLocationById(location.id)).toEqual(location);
    expect(await world.client.getLocationById("none")).toBeUndefined();
    expect(await world.client.getLocationByRef(`url:${spec.target}`)).toEqual(location);
    expect(await world.client.getLocationByEntity("component:default/cart")).toEqual(location);
    expect(await world.client.getLocationByEntity("component:default/none")).toBeUndefined();
    expect((await world.client.getLocations()).items).toContainEqual(location);
    expect((await world.client.queryLocations({ query: { type: "URL" } })).items).toEqual([location]);
    const paged: unknown[] = [];
    for await (const page of world.client.streamLocations({ limit: 1 })) paged.push(...page);
    expect(paged).toHaveLength((await world.client.getLocations()).items.length);

    await commit({ "catalog-info.yaml": descriptor("cart", "library") });
    await world.client.refreshEntity("component:default/cart");
    await eventually(async () => expect((await world.client.getEntityByRef("component:cart"))?.spec).toMatchObject({ type: "library" }));

    const moved = await world.client.updateLocation(location.id, { type: "url", target: `${repository}#other.yaml` });
    expect(moved).toEqual({ id: location.id, type: "url", target: `${repository}#other.yaml` });
    expect(await world.client.getEntityByRef("component:cart")).toBeUndefined();
    expect(await world.client.getEntityByRef("component:bill")).toBeDefined();
    await world.client.removeLocationById(location.id);
    expect(await world.client.getEntityByRef("component:bill")).toBeUndefined();
    expect(await failure(world.client.removeLocationById(location.id))).toMatchObject({ statusCode: 404 });
  });

  test("are refused where they are no places", async () => {
    const post = async (body: object): Promise<number> =>
      (await world.fetch("/locations", { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }))
        .status;
    expect(await post({ type: "url", target: "https://example.com/x", more: 1 })).toBe(400);
    expect(await post({ type: "queue", target: "https://example.com/x" })).toBe(400);
    expect(await post({ type: "url" })).toBe(400);
  });

  test("are analysed", async () => {
    await world.repositories.init("shop-two");
    await world.repositories.commitFiles("shop-two", {
      branch: "main",
      files: [{ path: "README.md", content: "x" }],
      message: "x",
      author,
    });
    const at = (name: string) => ({ location: { type: "url", target: `file://${world.home}/git/${name}.git` } });
    expect(await world.client.analyzeLocation(at("shop"))).toMatchObject({
      existingEntityFiles: [{ isRegistered: false, location: { type: "url" }, entity: { metadata: { name: "cart" } } }],
      generateEntities: [],
    });
    expect(await world.client.analyzeLocation(at("shop-two"))).toMatchObject({
      existingEntityFiles: [],
      generateEntities: [{ entity: { kind: "Component", metadata: { name: "shop-two" } } }],
    });
  });
});

test("removeEntityByUid", async () => {
  const { metadata } = (await world.client.getEntityByRef("component:beta"))!;
  const byUid = await world.fetch(`/entities/by-uid/${metadata.uid}`);
  expect(((await byUid.json()) as { metadata: object }).metadata).toEqual(metadata);
  await world.client.removeEntityByUid(metadata.uid!);
  expect(await world.client.getEntityByRef("component:beta")).toBeUndefined();
  expect((await world.fetch(`/entities/by-uid/${metadata.uid}`)).status).toBe(404);
  expect((await world.fetch("/entities/by-uid/none")).status).toBe(404);
});
