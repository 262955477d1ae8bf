import { createHmac } from "node:crypto";

import { afterAll, afterEach, describe, expect, test } from "vitest";

import { openDouble, type Double, type Question, type Reply } from "../lib/double.ts";
import { callWith, createCel, entitiesOf, readAll } from "../lib/connector.suite.ts";
import { httpConnector } from "./http-connector.ts";

const cel = createCel();
afterAll(() => cel.close());
let double: Double | undefined;
afterEach(() => double?.close());

const SERVICES = Array.from({ length: 5 }, (_, n) => ({
  slug: `svc-${n}`,
  title: `Service ${n}`,
  team: n < 4 ? "Team A" : null,
  archived: n === 3,
}));
const mapping = {
  records: "body.items",
  when: "!record.archived",
  entity: {
    "metadata.name": "record.slug",
    "metadata.title": "record.title",
    "metadata.annotations.example.com/team": "record.team",
    "spec.type": "'service'",
    "spec.lifecycle": "'production'",
    "spec.owner": "record.team == null ? 'unknown' : record.team",
  },
  location: "'https://inventory.example/' + record.slug",
};

async function serve(answer: (question: Question) => Reply | undefined): Promise<string> {
  double = await openDouble(answer);
  return `${double.url}/services`;
}

const read = async (settings: object) => readAll(httpConnector, { mapping, ...settings }, callWith(cel));
const names = async (settings: object) => entitiesOf(await read(settings)).map(({ entity }) => entity.metadata.name);

describe("an HTTP API", () => {
  test("becomes entities by the mapping; null leaves a field out, and what does not count is skipped", async () => {
    const url = await serve(() => ({ body: { items: SERVICES } }));
    const readings = await read({ url, token: "t0ken" });
    expect(double!.asked[0]?.headers["authorization"]).toBe("Bearer t0ken");
    const entities = entitiesOf(readings);
    expect(entities.map(({ entity }) => entity.metadata.name)).toEqual(["svc-0", "svc-1", "svc-2", "svc-4"]);
    expect(entities[0]).toMatchObject({
      mode: "define",
      location: "https://inventory.example/svc-0",
      entity: {
        apiVersion: "backstage.io/v1alpha1",
        kind: "Component",
        metadata: { title: "Service 0", annotations: { "example.com/team": "Team A" } },
        spec: { owner: "Team A", type: "service" },
      },
    });
    expect(entities[3]?.entity.metadata.annotations).toBeUndefined();
    expect(readings.find(({ type }) => type === "sample")).toMatchObject({ body: { items: SERVICES } });
  });

  test.each([
    ["link", {}, (n: number, base: string): Reply => (n < 2 ? { headers: { link: `<${base}/services?n=${n + 1}>; rel="next"` } } : {})],
    ["cursor", { nextCursor: "body.next" }, (n: number): Reply => ({ body: { next: n < 2 ? n + 1 : null } })],
  ])("is read page by page: %s", async (paging, over, extra) => {
    const url = await serve(({ url: asked }) => {
      const n = Number(asked.searchParams.get("n") ?? asked.searchParams.get("cursor") ?? 0);
      const reply = extra(n, asked.origin);
      return { ...reply, body: { items: SERVICES.slice(n * 2, n * 2 + 2), ...(reply.body as object) } };
    });
    expect(await names({ url, paging, ...over })).toEqual(["svc-0", "svc-1", "svc-2", "svc-4"]);
    expect(double!.asked).toHaveLength(3);
  });

  test.each([
    ["offset", 1],
    ["page", 2],
  ])("is read page by page by a number: %s", async (paging, divisor) => {
    const url = await serve(({ url: asked }) => {
      const n = Number(asked.searchParams.get("at"));
      const start = divisor === 1 ? n : (n - 1) * 2;
      return { body: { items: SERVICES.slice(start, start + 2) } };
    });
    expect(await names({ url, paging, pageParam: "at", pageSize: 2 })).toEqual(["svc-0", "svc-1", "svc-2", "svc-4"]);
  });

  test("whose pages lead back is not read for ever", async () => {
    const url = await serve(({ url: asked }) => ({ headers: { link: `<${asked.href}>; rel="next"` }, body: { items: [] } }));
    await expect(read({ url, paging: "link" })).rejects.toMatchObject({ code: "INVALID" });
  });

  test.each([
    [{ status: 500, body: "oops" }, "UNAVAILABLE", /answered 500/],
    [{ status: 401, body: {} }, "INVALID", /credentials/],
    [{ status: 429, headers: { "retry-after": "120" }, body: {} }, "TOO_MANY", /no more calls/],
    [{ status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "60" }, body: {} }, "TOO_MANY", /no more calls/],
    [{ body: "<html>" }, "UNAVAILABLE", /no JSON/],
    [{ body: { error: "internal" } }, "INVALID", /no list of records/],
  ] as const)("that answers %j removes nothing: the reading throws", async (reply, code, message) => {
    const url = await serve(() => reply);
    await expect(read({ url })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("tells of a record that does not fit, with the entity where it is known, and then removes nothing that may be it", async () => {
    const url = await serve(() => ({ body: { items: [SERVICES[0], { slug: "half", archived: false }, { archived: false }] } }));
    const readings = await read({ url });
    expect(entitiesOf(readings)).toHaveLength(1);
    expect(readings.filter(({ type }) => type === "problem")).toContainEqual(
      expect.objectContaining({ ref: "Component:default/half", reason: expect.stringContaining("entity.metadata.title") }),
    );
    expect(readings).toContainEqual({ type: "unchanged", locationPrefix: "" });
  });

  test("tells its budget", async () => {
    const reset = Math.floor(Date.now() / 1_000) + 600;
    const url = await serve(() => ({
      headers: { "x-ratelimit-limit": "100", "x-ratelimit-remaining": "7", "x-ratelimit-reset": String(reset) },
      body: { items: [] },
    }));
    expect(await read({ url })).toContainEqual({ type: "budget", remaining: 7, limit: 100, resetAt: new Date(reset * 1_000) });
  });
});

describe("a webhook", () => {
  const settings = httpConnector.settings.parse({
    mapping: { ...mapping, records: "body.services", removed: "has(record.deleted) && record.deleted", when: "true" },
    timestamp: "body.at",
    signatureHeader: "X-Sign",
    signaturePrefix: "v1=",
  });
  const tell = (body: unknown, over: object = {}) => {
    const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
    const headers = { "x-sign": `v1=${createHmac("sha256", "s3cret").update(bytes).digest("hex")}`, "x-delivery-id": "d1", ...over };
    return httpConnector.receive!(settings, { headers, body: bytes, secret: "s3cret" }, callWith(cel));
  };

  test("is mapped in the same way: what is there, what is gone, when, and which delivery", async () => {
    const outcome = await tell({ at: "2026-01-01T00:00:00Z", services: [SERVICES[0], { ...SERVICES[1], deleted: true }] });
    expect(outcome).toMatchObject({ deliveryId: "d1", at: new Date("2026-01-01T00:00:00Z"), removed: ["component:default/svc-1"] });
    expect(entitiesOf(outcome.readings ?? []).map(({ entity }) => entity.metadata.name)).toEqual(["svc-0"]);
  });

  test("that is forged, unsigned or no JSON is refused", async () => {
    await expect(tell({ services: [] }, { "x-sign": "v1=00" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(tell({ services: [] }, { "x-sign": undefined })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(tell("not json")).rejects.toMatchObject({ code: "INVALID" });
  });

  test("without a delivery's name is the same delivery when it is the same message", async () => {
    const [one, two] = [
      await tell({ services: [] }, { "x-delivery-id": undefined }),
      await tell({ services: [] }, { "x-delivery-id": undefined }),
    ];
    expect(one.deliveryId).toBe(two.deliveryId);
  });
});

test("a mapping is shown against a body, record by record", async () => {
  const shown = await httpConnector.preview!(mapping, { items: [SERVICES[0], SERVICES[3], { slug: "x", archived: false }] }, callWith(cel));
  expect(shown).toMatchObject([
    { entity: { metadata: { name: "svc-0" } }, problems: [] },
    { skipped: true },
    { problems: [{ at: "entity.metadata.title" }, { at: "entity.metadata.annotations.example.com/team" }, { at: "entity.spec.owner" }] },
  ]);
  await expect(httpConnector.preview!({ entity: {}, nonsense: 1 }, {}, callWith(cel))).rejects.toMatchObject({ code: "INVALID" });
});
