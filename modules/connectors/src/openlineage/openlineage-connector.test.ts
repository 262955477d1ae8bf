import type { Entity } from "@roadbed/contracts/catalog";
import type { Amendment } from "@roadbed/contracts/connector";
import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";

import { callWith, createCel, readAll } from "../lib/connector.suite.ts";
import { entityNameOf, parseEvents, placeOf } from "./events.ts";
import { foldEvents } from "./fold-events.ts";
import { openLineageConnector, OpenLineageSettings } from "./openlineage-connector.ts";

const cel = createCel();
afterAll(() => cel.close());
const settings = OpenLineageSettings.parse({});
const day = (n: number, hour = 0): string => `2026-11-${String(n).padStart(2, "0")}T${String(hour).padStart(2, "0")}:00:00.000Z`;
const job = { namespace: "airflow-prod", name: "daily.load_orders" };
const raw = { namespace: "s3a://lake/", name: "/raw/orders" };
const table = { namespace: "postgres://db:5432", name: "shop.public.orders" };
const run = (eventType: string, eventTime: string, over: object = {}) => ({
  eventType,
  eventTime,
  run: { runId: "018f2c5e-0000-7000-8000-000000000001" },
  job,
  inputs: [],
  outputs: [],
  producer: "https://github.com/OpenLineage/OpenLineage",
  schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
  ...over,
});

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const amendmentOf = (events: readonly object[]): Amendment => foldEvents(parseEvents(bytes(events), undefined), settings);
const refOf = ({ kind, metadata }: Entity): string => `${kind}:${metadata.namespace}/${metadata.name}`.toLowerCase();

/** As the catalogue does it: message by message, each on top of what was known. */
function tell(messages: readonly object[]): Map<string, Entity> {
  const known = new Map<string, Entity>();
  for (const message of messages) {
    const { readings = [], removed = [] } = amendmentOf([message]).apply(known);
    for (const reading of readings)
      if (reading.type === "entity") known.set(refOf(reading.entity), JSON.parse(JSON.stringify(reading.entity)) as Entity);
    for (const ref of removed) known.delete(ref);
  }
  return new Map([...known].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const jobRef = `component:default/${entityNameOf(job)}`;
const rawRef = `resource:default/${entityNameOf(placeOf(raw))}`;
const tableRef = `resource:default/${entityNameOf(table)}`;

const owners = (name: string) => ({ ownership: { owners: [{ name, type: "MAINTAINER" }] } });
const fields = (...names: string[]) => ({ schema: { fields: names.map((name) => ({ name, type: "text" })) } });

test("a run becomes a job, its data sets and the lineage between them, with schema, owner, words and freshness", () => {
  const known = tell([
    run("START", day(1), {
      job: {
        ...job,
        facets: {
          documentation: { description: "Loads orders." },
          ...owners("team:Data Platform"),
          jobType: { integration: "AIRFLOW", jobType: "TASK" },
        },
      },
      run: { runId: "r", facets: { parent: { run: { runId: "p" }, job: { namespace: "airflow-prod", name: "daily" } } } },
      inputs: [{ ...raw, facets: { dataSource: { name: "lake", uri: "s3://user:pass@lake?key=1" } } }],
    }),
    run("COMPLETE", day(1, 1), {
      outputs: [
        {
          ...table,
          facets: { ...fields("id", "total"), columnLineage: { fields: { total: { inputFields: [{ ...raw, field: "amount" }] } } } },
        },
      ],
    }),
  ]);
  expect([...known.keys()]).toContain(`component:default/${entityNameOf({ namespace: "airflow-prod", name: "daily" })}`);
  expect(known.get(jobRef)).toMatchObject({
    metadata: { title: "daily.load_orders", description: "Loads orders.", annotations: { "openlineage.io/integration": "AIRFLOW" } },
    spec: {
      type: "job",
      owner: "group:default/data-platform",
      dependsOn: [rawRef],
      lastSuccessAt: day(1, 1),
      lastOutcome: "complete",
      subcomponentOf: expect.stringContaining("component:default/daily-"),
    },
  });
  expect(known.get(tableRef)?.spec).toMatchObject({
    type: "dataset",
    owner: "unknown",
    dependsOn: [jobRef],
    lastWrittenAt: day(1, 1),
    schema: [
      { name: "id", type: "text" },
      { name: "total", type: "text" },
    ],
    columnLineage: [{ column: "total", from: ["s3://lake/raw/orders#amount"] }],
  });
  expect(JSON.stringify([...known])).not.toContain("pass");
});

test("a failed run says so and makes nothing fresh", () => {
  const known = tell([run("COMPLETE", day(1), { outputs: [table] }), run("FAIL", day(2), { outputs: [table] })]);
  expect(known.get(jobRef)?.spec).toMatchObject({ lastOutcome: "fail", lastSuccessAt: day(1), lastFailureAt: day(2) });
  expect(known.get(tableRef)?.spec).toMatchObject({ lastWrittenAt: day(1) });
});

describe("order", () => {
  const events = [
    run("START", day(1), { inputs: [raw], job: { ...job, facets: owners("team-a") } }),
    run("COMPLETE", day(1, 1), { outputs: [{ ...table, facets: fields("id") }] }),
    run("START", day(2), { job: { ...job, facets: { ...owners("team-b"), documentation: { description: "New words." } } } }),
    run("COMPLETE", day(2, 1), { outputs: [{ ...table, facets: fields("id", "total") }] }),
    run("FAIL", day(3), { inputs: [{ ...raw, facets: owners("user:ada") }] }),
    { eventTime: day(2, 5), dataset: { ...table, facets: { documentation: { description: "All orders." } } } },
    {
      eventTime: "2026-11-02T02:00:00+02:00",
      job: { ...job, facets: { documentation: { description: "Equally new." } } },
      outputs: [table],
    },
  ];

  test("events out of order and replayed end the same as in order", () => {
    const wanted = tell(events);
    expect(wanted.get(tableRef)?.spec?.["schema"]).toHaveLength(2);
    expect(wanted.get(jobRef)?.spec?.["owner"]).toBe("group:default/team-b");
    const shuffled = fc.shuffledSubarray(
      events.map((_, n) => n),
      { minLength: events.length },
    );
    fc.assert(
      fc.property(shuffled, fc.array(fc.nat(events.length - 1), { maxLength: 5 }), (order, replays) => {
        expect(tell([...order, ...replays].map((n) => events[n]!))).toEqual(wanted);
      }),
    );
  });

  test("lineage that no run shows any more is over after a while; a pipeline that rests keeps its own", () => {
    const second = { ...table, name: "shop.public.lines" };
    const seen = [
      run("COMPLETE", "2026-01-01T00:00:00Z", { inputs: [raw, second] }),
      run("COMPLETE", "2026-01-05T00:00:00Z", { inputs: [second] }),
    ];
    expect(tell(seen).get(jobRef)?.spec?.["dependsOn"]).toHaveLength(2);
    const later = run("COMPLETE", "2026-03-01T00:00:00Z", { inputs: [second] });
    expect(tell([...seen, later]).get(jobRef)?.spec?.["dependsOn"]).toEqual([`resource:default/${entityNameOf(second)}`]);
  });
});

test("a data set that is dropped goes, one that is renamed changes its name", () => {
  const state = (change: object) => ({ ...table, facets: { lifecycleStateChange: change } });
  const before = run("COMPLETE", day(1), { outputs: [table] });
  expect(tell([before, run("COMPLETE", day(2), { outputs: [state({ lifecycleStateChange: "DROP" })] })]).has(tableRef)).toBe(false);
  const renamed = {
    namespace: table.namespace,
    name: "shop.public.sales",
    facets: { lifecycleStateChange: { lifecycleStateChange: "RENAME", previousIdentifier: table } },
  };
  const known = tell([before, run("COMPLETE", day(2), { outputs: [renamed] })]);
  expect([known.has(tableRef), known.has(`resource:default/${entityNameOf(renamed)}`)]).toEqual([false, true]);
});

test("places are named as the standard does, whichever word a client has for them", () => {
  expect(placeOf({ namespace: "s3n://lake/", name: "/a/b" })).toEqual({ namespace: "s3://lake", name: "a/b" });
  expect(placeOf({ namespace: "PostgreSQL://db:5432", name: "a.b.c" })).toEqual({ namespace: "postgres://db:5432", name: "a.b.c" });
  expect(placeOf({ namespace: "bigquery", name: "p.d.t" })).toEqual({ namespace: "bigquery", name: "p.d.t" });
  expect(entityNameOf({ namespace: "a", name: "x".repeat(300) })).toHaveLength(59);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      expect(entityNameOf({ namespace: "n", name })).toMatch(/^[a-z0-9][a-z0-9._-]{0,62}$/);
    }),
  );
});

describe("a message", () => {
  const receive = (body: Uint8Array, headers: Record<string, string>) =>
    openLineageConnector.receive!(settings, { headers, body, secret: "s3cret" }, callWith(cel));
  const body = bytes(run("COMPLETE", day(1)));

  test("is taken as the unchanged client sends it: with the secret as a bearer, packed or not", async () => {
    const plain = await receive(body, { authorization: "Bearer s3cret" });
    expect(plain).toMatchObject({ deliveryId: expect.stringMatching(/^[0-9a-f]{64}$/), amend: { refs: [jobRef] } });
    const packed = await receive(gzipSync(body), { authorization: "Bearer s3cret", "content-encoding": "gzip" });
    expect(packed.amend?.refs).toEqual([jobRef]);
  });

  test("without the secret is refused, whatever it is", async () => {
    for (const headers of [
      {},
      { authorization: "Bearer other" },
      { authorization: "Basic s3cret" },
      { "x-roadbed-signature-256": "sha256=00" },
    ]) {
      await expect(receive(body, headers as Record<string, string>)).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
        mend: expect.stringContaining("api_key"),
      });
    }
  });

  test.each([
    [new TextEncoder().encode('{"eventTime'), {}],
    [bytes({ eventTime: day(1) }), {}],
    [bytes(run("DONE", day(1))), {}],
    [bytes(run("START", "yesterday")), {}],
    [body, { "content-encoding": "gzip" }],
  ])("that is no event is refused with what is wrong (%#)", async (given, more) => {
    await expect(receive(given, { authorization: "Bearer s3cret", ...more })).rejects.toMatchObject({ code: "INVALID" });
  });
});

test("a reading has nothing to say, and leaves everything as it is", async () => {
  expect(await readAll(openLineageConnector, {}, callWith(cel))).toEqual([{ type: "unchanged", locationPrefix: "" }]);
});
