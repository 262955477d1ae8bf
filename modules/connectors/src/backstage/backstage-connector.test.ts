import type { ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { DomainError } from "@roadbed/core";
import { describe, expect, test } from "vitest";

import { backstageConnector, type BackstageSettings } from "./backstage-connector.ts";

interface Stored {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly etag: string;
    readonly annotations: object;
  };
}

/** A Backstage of its own, as far as the connector asks it. */
function backstage(entities: readonly Stored[], o: { readonly token?: string; readonly page?: number } = {}) {
  const asked: string[] = [];
  const answer = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
  const fetch_ = (async (input: string, init?: RequestInit) => {
    const url = new URL(input);
    asked.push(`${init?.method ?? "GET"} ${url.pathname}`);
    const sent = new Headers(init?.headers).get("authorization");
    if (o.token !== undefined && sent !== `Bearer ${o.token}`) return answer({ error: { name: "AuthenticationError" } }, 401);
    if (url.pathname === "/api/catalog/entities/by-query") {
      const start = Number(url.searchParams.get("cursor") ?? 0);
      const end = start + (o.page ?? 2);
      const items = entities
        .slice(start, end)
        .map(({ kind, metadata: { name, namespace, etag } }) => ({ kind, metadata: { name, namespace, etag } }));
      return answer({ items, totalItems: entities.length, pageInfo: end < entities.length ? { nextCursor: String(end) } : {} });
    }
    if (url.pathname === "/api/catalog/entities/by-refs") {
      const { entityRefs } = JSON.parse(init?.body as string) as { entityRefs: string[] };
      const find = (ref: string) =>
        entities.find(({ kind, metadata }) => `${kind}:${metadata.namespace}/${metadata.name}`.toLowerCase() === ref) ?? null;
      return answer({ items: entityRefs.map(find) });
    }
    return answer({}, 404);
  }) as typeof fetch;
  return { fetch: fetch_, asked };
}

function entity(name: string, etag = "1", kind = "Component"): Stored & Record<string, unknown> {
  return {
    apiVersion: "backstage.io/v1alpha1",
    kind,
    metadata: {
      name,
      namespace: "default",
      uid: `uid-${name}`,
      etag,
      annotations: { "backstage.io/managed-by-location": `url:https://example.org/${name}` },
    },
    spec: { type: "service" },
    relations: [{ type: "ownedBy", targetRef: "group:default/a" }],
    status: { items: [] },
  };
}

async function read(
  world: { readonly fetch: typeof fetch },
  over: Partial<BackstageSettings> = {},
  state: object = {},
): Promise<Reading[]> {
  const settings = backstageConnector.settings.parse({ url: "https://backstage.example.org", ...over });
  const call = { fetch: world.fetch, state, now: () => new Date(), signal: new AbortController().signal } as unknown as ConnectorCall;
  const readings: Reading[] = [];
  for await (const reading of backstageConnector.read(settings, call)) readings.push(reading);
  return readings;
}

const stateOf = (readings: readonly Reading[]): object => (readings.find(({ type }) => type === "state") as { state: object }).state;

describe("the Backstage connector", () => {
  test("reads everything, page by page, as it was written", async () => {
    const readings = await read(backstage([entity("a"), entity("b"), entity("generated-1", "1", "Location"), entity("c")]));
    expect(readings.map(({ type }) => type)).toEqual(["entity", "entity", "entity", "state"]);
    expect(readings[0]).toEqual({
      type: "entity",
      mode: "define",
      location: "https://backstage.example.org/catalog/default/component/a/",
      entity: {
        apiVersion: "backstage.io/v1alpha1",
        kind: "Component",
        metadata: { name: "a", namespace: "default", annotations: { "backstage.io/managed-by-location": "url:https://example.org/a" } },
        spec: { type: "service" },
      },
    });
    expect(stateOf(readings)).toEqual({ etags: { "component:default/a": "1", "component:default/b": "1", "component:default/c": "1" } });
  });

  test("reads whole only what changed since; what is gone is not mentioned", async () => {
    const state = stateOf(await read(backstage([entity("a"), entity("b"), entity("c")])));
    const world = backstage([entity("a"), entity("b", "2"), entity("d")]);
    const readings = await read(world, {}, state);
    expect(
      readings.map((one) => (one.type === "entity" ? one.entity.metadata.name : one.type === "unchanged" ? one.locationPrefix : one.type)),
    ).toEqual(["https://backstage.example.org/catalog/default/component/a/", "b", "d", "state"]);
    expect(stateOf(readings)).toEqual({ etags: { "component:default/a": "1", "component:default/b": "2", "component:default/d": "1" } });
    await read(backstage([entity("a")]), {}, state);
    const quiet = backstage([entity("a")]);
    await read(quiet, {}, state);
    expect(quiet.asked).toEqual(["GET /api/catalog/entities/by-query"]);
  });

  test.each(["https://backstage.example.org/", "https://backstage.example.org/api", "https://backstage.example.org/api/catalog/"])(
    "finds the catalogue by %s",
    async (url) => {
      expect(await read(backstage([entity("a")]), { url })).toHaveLength(2);
      expect(backstageConnector.targetOf({ url })).toBe("backstage.example.org/api/catalog");
    },
  );

  test("sends the token, and says what is wrong without it", async () => {
    expect(await read(backstage([entity("a")], { token: "s3cret" }), { token: "s3cret" })).toHaveLength(2);
    await expect(read(backstage([], { token: "s3cret" }))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      mend: expect.stringContaining("token"),
    });
  });

  test.each([
    ["no catalogue there", 404, "{}"],
    ["not JSON", 200, "<html>"],
    ["other JSON", 200, '{"hello": 1}'],
    ["a fault", 500, "{}"],
  ])("%s is said, and ends the reading", async (_, status, body) => {
    const world = { fetch: (async () => new Response(body, { status })) as unknown as typeof fetch };
    await expect(read(world)).rejects.toBeInstanceOf(DomainError);
  });
});
