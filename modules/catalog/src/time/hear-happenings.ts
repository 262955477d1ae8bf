import type { DomainEvent, Sql, Subscription } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { HEARD, tell, type Told } from "./happenings.ts";

/** Writes down what every module tells, for whoever asks what changed. Begins with the first event there ever was. */
export function hearHappenings(catalogue: Catalogue): Subscription {
  return {
    name: "catalog.happenings",
    events: HEARD,
    receive: async ({ sql }, event) => {
      const told = tell(event);
      if (told) await store(sql, event, told, await refOf(catalogue, sql, told));
    },
  };
}

async function store(sql: Sql, { id, seq, time, actor }: DomainEvent, { sort, text, link }: Told, ref: string | undefined): Promise<void> {
  await sql.query(
    `insert into catalog.happening (id, seq, at, sort, ref, actor, text, link) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing`,
    [id, seq, time, sort, ref ?? null, actor, text, link ?? null],
  );
}

async function refOf(catalogue: Catalogue, sql: Sql, { about }: Told): Promise<string | undefined> {
  if (!about) return undefined;
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
async function refOfService({ estate, feed }: Catalogue, service: string): Promise<string | undefined> {
  await feed.fresh();
  const annotated = estate.select([{ key: "metadata.annotations.roadbed.dev/service-name", values: [service] }]);
  const named = estate.select([
    { key: "kind", values: ["component"] },
    { key: "metadata.name", values: [service] },
  ]);
  const [id] = annotated.length > 0 ? annotated : named;
  return id === undefined ? undefined : estate.refOf(id);
}
