import type { Sql } from "@roadbed/core";

/** A problem of a source, with the source. */
export interface ProblemOf {
  readonly sourceId: string;
  readonly sourceName: string;
  readonly file: string;
  readonly line: number | null;
  readonly at: string;
  readonly reason: string;
  readonly mend: string | null;
  readonly ref: string | null;
}

const MOST = 20;

/** Problems that name an entity, that lie in a file, or that speak of one. */
export async function listProblemsOf(
  sql: Sql,
  o: { readonly ref: string } | { readonly file: string; readonly sourceId: string },
): Promise<ProblemOf[]> {
  const [ref, file, sourceId] = "ref" in o ? [o.ref, null, null] : [null, o.file, o.sourceId];
  const { rows } = await sql.query<Record<string, unknown>>(
    `select s.id as "sourceId", s.name as "sourceName", p.file, p.line, p.at, p.reason, p.mend, lower(p.ref) as ref
     from catalog.source_problem p join catalog.source s on s.id = p.source_id
     where lower(p.ref) = $1 or (s.id = $3 and (p.file = $2 or position($2 in p.reason) > 0)) order by s.name, p.position limit ${MOST}`,
    [ref, file, sourceId],
  );
  return rows as unknown as ProblemOf[];
}

/** References with this name, of any kind and namespace: what is here, what was, and what stands where something got stuck. Not what somebody may see. */
export async function listRefsNamed(sql: Sql, name: string): Promise<string[]> {
  const { rows } = await sql.query<{ ref: string }>(
    `select ref from (
       select ref from catalog.entity where split_part(ref, '/', 2) = $1
       union select ref from catalog.removed_entity where split_part(ref, '/', 2) = $1
       union select lower(ref) from catalog.source_problem where split_part(lower(ref), '/', 2) = $1
       union select ref from catalog.quarantine where split_part(ref, '/', 2) = $1
       union select ref from catalog.claim where split_part(ref, '/', 2) = $1
       union select ref from catalog.proposal where action = 'create' and split_part(ref, '/', 2) = $1
       union select coming.ref from catalog.source_hold, jsonb_array_elements_text(samples->'added') as coming(ref) where split_part(coming.ref, '/', 2) = $1) named
     order by ref like 'component:%' desc, ref limit ${MOST}`,
    [name],
  );
  return rows.map(({ ref }) => ref);
}

export interface TroubledSource {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly error: string | null;
  readonly at: Date | null;
}

/** Sources that could not be read, and how many could; only those that are shown. */
export async function listTroubledSources(
  sql: Sql,
  sees: (sourceId: string) => boolean,
): Promise<{ readonly troubled: TroubledSource[]; readonly read: number }> {
  const { rows } = await sql.query<Record<string, unknown>>(
    "select id, name, state, last_error as error, last_sync_at as at from catalog.source where kind <> 'inline' order by name limit 500",
  );
  const shown = (rows as unknown as TroubledSource[]).filter(({ id }) => sees(id));
  const troubled = shown.filter(({ state }) => state === "failed" || state === "never");
  return { troubled: troubled.slice(0, MOST), read: shown.length - troubled.length };
}

/** A source with where it is. */
export interface PlacedSource {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly target: string;
  readonly branch: string | null;
  readonly state: string;
  readonly error: string | null;
  readonly at: Date | null;
  readonly entities: number;
}

export async function listPlacedSources(sql: Sql): Promise<PlacedSource[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select s.id, s.name, s.kind, s.target, s.branch, s.state, s.last_error as error, s.last_sync_at as at,
       (select count(*)::int from catalog.entity e where e.source_id = s.id) as entities
     from catalog.source s where s.kind <> 'inline' order by length(s.target) desc, s.id limit 500`,
  );
  return rows as unknown as PlacedSource[];
}

/** What a source, or any of them, read from one place: a file by its location, or all below it; without one, all it read. */
export async function listRefsAt(sql: Sql, sourceId: string | undefined, location: string | undefined): Promise<string[]> {
  const { rows } = await sql.query<{ ref: string }>(
    "select ref from catalog.entity where ($1::text is null or source_id = $1) and ($2::text is null or location = $2 or starts_with(location, $2 || '/')) order by ref limit 50",
    [sourceId ?? null, location ?? null],
  );
  return rows.map(({ ref }) => ref);
}
