import { hash } from "node:crypto";

import type { DomainEvent, Sql, Subscription } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { HEARD, tell } from "./happenings.ts";
import type { Told } from "./teller.ts";

/** Writes down what every module tells, for whoever asks what changed. Begins with the first event there ever was. */
export function hearHappenings(catalogue: Catalogue): Subscription {
  return {
    name: "catalog.happenings",
    events: HEARD,
    receive: async ({ sql }, event) => {
      for (const [at, told] of tell(event).entries()) await store(sql, event, told, await refsOf(catalogue, sql, told), at);
    },
  };
}

/** A row for each entity: together they are one thing that happened. */
async function store(
  sql: Sql,
  event: DomainEvent,
  { sort, text, link }: Told,
  refs: readonly (string | null)[],
  at: number,
): Promise<void> {
  const { id, seq, time, actor } = event;
  await sql.query(
    `insert into catalog.happening (id, seq, at, sort, ref, actor, text, link)
     select w.id, $3, $4, $5, w.ref, $6, $7, $8 from unnest($1::uuid[], $2::text[]) as w(id, ref) on conflict (id) do nothing`,
    [refs.map((_, n) => rowId(id, at, n)), refs, seq, time, sort, actor, text, link ?? null],
  );
}

/** The first row has the id of the event; the others have one that is made from it: told twice, all are written once. */
function rowId(id: string, at: number, n: number): string {
  if (at === 0 && n === 0) return id;
  const digits = hash("sha256", `${id}/${at}/${n}`, "hex");
  return [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`, digits.slice(20, 32)].join("-");
}

async function refsOf(catalogue: Catalogue, sql: Sql, told: Told): Promise<readonly (string | null)[]> {
  const { about } = told;
  if (about && "refs" in about && about.refs.length > 0) return [...new Set(about.refs.map((ref) => ref.toLowerCase()))];
  return [(await refOf(catalogue, sql, told)) ?? null];
}

async function refOf(catalogue: Catalogue, sql: Sql, { about }: Told): Promise<string | undefined> {
  if (!about || "refs" in about) return undefined;
  if ("ref" in about) return about.ref.toLowerCase();
  if ("service" in about) return refOfService(catalogue, about.service.toLowerCase());
  const { rows } = await sql.query<{ ref: string }>(
    `select e.ref from catalog.entity e join catalog.source s on s.id = e.source_id
     where s.kind = 'repository' and s.target = $1 and e.ref like 'component:%' limit 2`,
    [about.repository],
  );
  return rows.length === 1 ? rows[0]!.ref : undefined;
}

/** The component whose telemetry comes under this name: by its annotation, else by its own name. */
export async function refOfService({ estate, feed }: Catalogue, service: string): Promise<string | undefined> {
  await feed.fresh();
  const annotated = estate.select([{ key: "metadata.annotations.roadbed.dev/service-name", values: [service] }]);
  const named = estate.select([
    { key: "kind", values: ["component"] },
    { key: "metadata.name", values: [service] },
  ]);
  const [id] = annotated.length > 0 ? annotated : named;
  return id === undefined ? undefined : estate.refOf(id);
}
