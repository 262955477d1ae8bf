import type { MonthlyCost } from "@roadbed/contracts/paths/resource-classes";
import type { ProvisionedResource, ResourceDrift, ResourceState } from "@roadbed/contracts/paths/resources";
import { formatActor, NotFoundError, type Actor, type Ctx, type Sql } from "@roadbed/core";

import type { Class, ClassFiles, Module } from "./class.ts";
import { digestOfFiles } from "./class.ts";
import type { Facts, Seen, Wanted } from "./provisioner.ts";

/** A resource as its table keeps it. */
export interface ResourceRow extends Record<string, unknown> {
  readonly id: string;
  readonly type: string;
  readonly class: string;
  readonly name: string;
  readonly environment: string;
  readonly entity_ref: string;
  readonly owner: string;
  readonly consumer: string | null;
  readonly prefix: string | null;
  readonly params: Record<string, unknown>;
  readonly provisioner: string;
  readonly inputs: Record<string, unknown>;
  readonly files_digest: string | null;
  readonly cost: MonthlyCost | null;
  readonly state: ResourceState;
  readonly act: "apply" | "destroy";
  readonly generation: number;
  readonly error: string | null;
  readonly facts: Facts;
  readonly sealed: Buffer | null;
  readonly plan: Buffer | null;
  readonly read_at: Date | null;
  readonly seen: Seen["state"] | null;
  readonly seen_words: string | null;
  readonly drift: ResourceDrift[];
  readonly decision_id: string | null;
  readonly key: string | null;
  readonly run_id: string | null;
  readonly actor: string;
  readonly actor_detail: Actor;
  readonly created_at: Date;
  readonly changed_at: Date;
}

export interface NewResource {
  readonly id: string;
  readonly of: Class;
  readonly module: Module;
  readonly inputs: Record<string, unknown>;
  readonly name: string;
  readonly environment: string;
  readonly entityRef: string;
  readonly owner: string;
  readonly consumer: string | undefined;
  readonly prefix: string | undefined;
  readonly params: Record<string, unknown>;
  readonly key: string | undefined;
  readonly runId: string | undefined;
}

export async function insertResource(ctx: Ctx, o: NewResource): Promise<void> {
  await ctx.sql.query(
    `insert into paths.resource (id, type, class, name, environment, entity_ref, owner, consumer, prefix, params, provisioner, inputs, files_digest, cost,
       state, key, run_id, actor, actor_detail, created_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'requested', $15, $16, $17, $18, $19, $19)`,
    [
      o.id,
      o.of.type,
      o.of.class,
      o.name,
      o.environment,
      o.entityRef,
      o.owner,
      o.consumer ?? null,
      o.prefix ?? null,
      JSON.stringify(o.params),
      o.module.provisioner,
      JSON.stringify(o.inputs),
      await keepFiles(ctx.sql, o.of.files),
      o.module.cost === undefined ? null : JSON.stringify(o.module.cost),
      o.key ?? null,
      o.runId ?? null,
      formatActor(ctx.actor),
      JSON.stringify(ctx.actor),
      ctx.now(),
    ],
  );
}

/** A class that changes later changes nothing that is there: what lies beside it is kept as it is now. */
export async function keepFiles(sql: Sql, files: ClassFiles): Promise<string | null> {
  const digest = digestOfFiles(files);
  if (digest === undefined) return null;
  await sql.query("insert into paths.resource_files (digest, files) values ($1, $2) on conflict do nothing", [
    digest,
    JSON.stringify(files),
  ]);
  return digest;
}

/** Throws `NotFoundError`. `lock`: nobody else changes it until the transaction ends. */
export async function readResource(sql: Sql, id: string, lock = false): Promise<ResourceRow> {
  const { rows } = await sql.query<ResourceRow>(`select * from paths.resource where id = $1${lock ? " for update" : ""}`, [id]);
  if (rows[0]) return rows[0];
  throw new NotFoundError("resource", id, "See roadbed resource list.");
}

export async function findByKey(sql: Sql, key: string): Promise<ResourceRow | undefined> {
  return (await sql.query<ResourceRow>("select * from paths.resource where key = $1", [key])).rows[0];
}

/** What stands under a name in an environment and is not gone. */
export async function findByPlace(sql: Sql, name: string, environment: string): Promise<ResourceRow | undefined> {
  const { rows } = await sql.query<ResourceRow>(
    "select * from paths.resource where name = $1 and environment = $2 and state <> 'destroyed'",
    [name, environment],
  );
  return rows[0];
}

export interface ResourceFilter {
  readonly q?: string | undefined;
  readonly type?: string | undefined;
  readonly environment?: string | undefined;
  readonly state?: ResourceState | "drifted" | undefined;
  readonly entityRef?: string | undefined;
  readonly runId?: string | undefined;
  readonly hidden: readonly string[];
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first; what is gone only where it is asked for. */
export async function selectResources(sql: Sql, o: ResourceFilter): Promise<ResourceRow[]> {
  const { rows } = await sql.query<ResourceRow>(
    `select * from paths.resource
     where ($1::text is null or position(lower($1) in name) > 0) and ($2::text is null or type = $2) and ($3::text is null or environment = $3)
       and case when $4::text is null then ($5::text is not null or state <> 'destroyed')
           when $4 = 'drifted' then state <> 'destroyed' and (jsonb_array_length(drift) > 0 or seen = 'gone') else state = $4 end
       and ($5::text is null or run_id = $5) and ($6::text is null or entity_ref = $6 or consumer = $6 or owner = $6)
       and not (entity_ref = any($7) or owner = any($7) or coalesce(consumer, '') = any($7)) and ($8::text is null or id < $8)
     order by id desc limit $9`,
    [
      o.q ?? null,
      o.type ?? null,
      o.environment ?? null,
      o.state ?? null,
      o.runId ?? null,
      o.entityRef ?? null,
      o.hidden,
      o.before ?? null,
      o.limit,
    ],
  );
  return rows;
}

export async function readFiles(sql: Sql, digest: string | null): Promise<ClassFiles> {
  if (digest === null) return {};
  const { rows } = await sql.query<{ files: ClassFiles }>("select files from paths.resource_files where digest = $1", [digest]);
  return rows[0]?.files ?? {};
}

/** One line of what happened to it. */
export async function sayOfResource(
  sql: Sql,
  id: string,
  o: { readonly at: Date; readonly actor: string; readonly words: string; readonly failed?: boolean },
): Promise<void> {
  await sql.query("insert into paths.resource_history (resource_id, at, actor, words, failed) values ($1, $2, $3, $4, $5)", [
    id,
    o.at,
    o.actor,
    o.words.slice(0, 2_000),
    o.failed ?? false,
  ]);
}

export async function readHistory(sql: Sql, id: string): Promise<{ at: string; actor: string; words: string; failed: boolean }[]> {
  const { rows } = await sql.query<{ at: Date; actor: string; words: string; failed: boolean }>(
    "select at, actor, words, failed from paths.resource_history where resource_id = $1 order by n desc limit 200",
    [id],
  );
  return rows.map(({ at, actor, words, failed }) => ({ at: at.toISOString(), actor, words, failed }));
}

/** As its provisioner sees it. */
export async function wantedOf(sql: Sql, row: ResourceRow): Promise<Wanted> {
  return {
    id: row.id,
    type: row.type,
    class: row.class,
    name: row.name,
    environment: row.environment,
    owner: row.owner,
    consumer: row.consumer ?? undefined,
    inputs: row.inputs,
    files: await readFiles(sql, row.files_digest),
    facts: row.facts,
    generation: row.generation,
  };
}

/** `variables`: their names, which the provisioner tells. */
export function toView(row: ResourceRow, variables: readonly string[]): ProvisionedResource {
  return {
    id: row.id,
    type: row.type,
    class: row.class,
    name: row.name,
    environment: row.environment,
    entityRef: row.entity_ref,
    owner: row.owner,
    ...optional("consumer", row.consumer),
    provisioner: row.provisioner,
    state: row.state,
    ...optional("error", row.error),
    facts: { ...row.facts },
    variables: [...variables],
    ...optional("cost", row.cost),
    ...optional("readAt", row.read_at?.toISOString()),
    ...optional("seen", row.seen),
    ...optional("seenWords", row.seen_words),
    drift: row.drift,
    ...optional("decisionId", row.decision_id),
    ...optional("runId", row.run_id),
    actor: row.actor,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  };
}

function optional<K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
