import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { Part, Release } from "@roadbed/contracts/delivery/releases";
import { NotFoundError, type Sql } from "@roadbed/core";

export interface ReleaseRow extends Record<string, unknown> {
  readonly id: string;
  readonly entity_ref: string;
  readonly number: number;
  readonly title: string;
  readonly parts: readonly Part[];
  readonly repository: string | null;
  readonly commit: string | null;
  readonly author: string | null;
  readonly made_by: string;
  readonly how: Release["how"];
  readonly irreversible: string | null;
  readonly digest: string;
  /** The files by which it is deployed: path to text. */
  readonly config: Readonly<Record<string, string>>;
  readonly created_at: Date;
}

/** By its id, or by component and number: `orders#12`, `component:default/orders#12`. Throws `NotFoundError`, also for what may not be seen. */
export async function readRelease(sql: Sql, given: string, hidden: readonly string[]): Promise<ReleaseRow> {
  const [, name, number] = /^(.+)#(\d{1,9})$/.exec(given.trim()) ?? [];
  const { rows } =
    name === undefined
      ? await sql.query<ReleaseRow>("select * from delivery.release where id = $1", [given])
      : await sql.query<ReleaseRow>("select * from delivery.release where entity_ref = $1 and number = $2", [refOf(name), Number(number)]);
  if (rows[0] !== undefined && !hidden.includes(rows[0].entity_ref)) return rows[0];
  throw new NotFoundError("release", given, "See roadbed release list.");
}

export async function findReleases(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, ReleaseRow>> {
  const { rows } = await sql.query<ReleaseRow>("select * from delivery.release where id = any($1)", [ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** The newest release of a commit. */
export async function findReleaseOf(sql: Sql, entityRef: string, commit: string): Promise<ReleaseRow | undefined> {
  const { rows } = await sql.query<ReleaseRow>(
    "select * from delivery.release where entity_ref = $1 and commit = $2 order by number desc limit 1",
    [entityRef, commit],
  );
  return rows[0];
}

export async function previousRelease(sql: Sql, { entity_ref, number }: ReleaseRow): Promise<ReleaseRow | undefined> {
  const { rows } = await sql.query<ReleaseRow>(
    "select * from delivery.release where entity_ref = $1 and number < $2 order by number desc limit 1",
    [entity_ref, number],
  );
  return rows[0];
}

export async function listReleaseRows(
  sql: Sql,
  o: {
    readonly entityRef: string | undefined;
    readonly before: string | undefined;
    readonly hidden: readonly string[];
    readonly limit: number;
  },
): Promise<ReleaseRow[]> {
  const { rows } = await sql.query<ReleaseRow>(
    `select * from delivery.release where ($1::text is null or entity_ref = $1) and ($2::text is null or id < $2)
     and entity_ref <> all($3::text[]) order by id desc limit $4`,
    [o.entityRef ?? null, o.before ?? null, o.hidden, o.limit],
  );
  return rows;
}

/** The row that is there afterwards, and whether this made it: the same parts are the same release. */
export async function insertRelease(
  sql: Sql,
  r: Omit<ReleaseRow, "number">,
  number?: number,
): Promise<{ readonly row: ReleaseRow; readonly made: boolean }> {
  // Numbers of a component are given one after the other, without gaps.
  await sql.query("select pg_advisory_xact_lock(hashtext('delivery.release'), hashtext($1))", [r.entity_ref as string]);
  const { rows } = await sql.query<ReleaseRow>(
    `insert into delivery.release (id, entity_ref, number, title, parts, repository, commit, author, made_by, how, irreversible, digest, config, created_at)
     select $1, $2, coalesce($14, (select coalesce(max(number), 0) + 1 from delivery.release where entity_ref = $2)), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
     on conflict (entity_ref, digest) do nothing returning *`,
    [
      r.id,
      r.entity_ref,
      r.title,
      JSON.stringify(r.parts),
      r.repository,
      r.commit,
      r.author,
      r.made_by,
      r.how,
      r.irreversible,
      r.digest,
      JSON.stringify(r.config),
      r.created_at,
      number ?? null,
    ],
  );
  if (rows[0] !== undefined) return { row: rows[0], made: true };
  const { rows: known } = await sql.query<ReleaseRow>("select * from delivery.release where entity_ref = $1 and digest = $2", [
    r.entity_ref,
    r.digest,
  ]);
  return { row: known[0]!, made: false };
}

/** Where each of these is what runs, by id: what was promoted there, else whose commit runs there. */
export async function placesOf(sql: Sql, rows: readonly ReleaseRow[]): Promise<ReadonlyMap<string, Release["in"]>> {
  const { rows: places } = await sql.query<{ id: string; environment: string; health: string }>(
    `select coalesce(d.release_id, r.id) as id, environment, coalesce(w.health, 'written') as health
     from delivery.workload w full join delivery.desired d using (entity_ref, environment)
     left join lateral (select id from delivery.release r where d.release_id is null and r.entity_ref = w.entity_ref and r.commit = w.commit
       order by number desc limit 1) r on true
     where entity_ref = any($1) and coalesce(d.release_id, r.id) is not null order by environment`,
    [[...new Set(rows.map(({ entity_ref }) => entity_ref))]],
  );
  const found = Map.groupBy(places, ({ id }) => id);
  return new Map([...found].map(([id, list]) => [id, list.map(({ environment, health }) => ({ environment, health }))]));
}

export async function toReleases(sql: Sql, rows: readonly ReleaseRow[]): Promise<Release[]> {
  const places = await placesOf(sql, rows);
  return rows.map((row) => toRelease(row, places.get(row.id) ?? []));
}

export function toRelease(row: ReleaseRow, places: Release["in"]): Release {
  return {
    id: row.id,
    entityRef: row.entity_ref,
    number: row.number,
    title: row.title,
    parts: [...row.parts],
    ...(row.commit === null ? {} : { commit: row.commit }),
    ...(row.repository === null ? {} : { repository: row.repository }),
    ...(row.author === null ? {} : { author: row.author }),
    madeBy: row.made_by,
    how: row.how,
    ...(row.irreversible === null ? {} : { irreversible: row.irreversible }),
    digest: row.digest,
    createdAt: row.created_at.toISOString(),
    in: places,
  };
}

function refOf(name: string): string {
  try {
    return formatRef(parseRef(name, { kind: "component" }));
  } catch {
    return name;
  }
}
