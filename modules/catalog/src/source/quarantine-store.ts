import type { Sql } from "@roadbed/core";

import type { Diff } from "./compare-snapshot.ts";
import type { Problem, Snapshot } from "./snapshot.ts";
import { cleanText } from "./sync-store.ts";

interface Failing {
  readonly object: string;
  readonly ref: string | undefined;
  readonly location: string;
  readonly reason: string;
  readonly mend: string | undefined;
}

/** Most objects of one source that stand in quarantine one by one. */
const MAX_OBJECTS = 2_000;

/** Brings the quarantine of a source to what a run has seen: since when an object fails stays, until it is well again. Answers what is new in it. */
export async function refreshQuarantine(
  sql: Sql,
  sourceId: string,
  snapshot: Snapshot,
  diff: Diff,
  at: Date,
): Promise<readonly Pick<Failing, "object" | "ref" | "reason">[]> {
  const failing = failingObjects(snapshot, diff).slice(0, MAX_OBJECTS);
  if (await hasAny(sql, sourceId)) await clear(sql, sourceId, snapshot, failing);
  if (failing.length === 0) return [];
  const { rows } = await sql.query<{ object: string; ref: string | null; reason: string; fresh: boolean }>(
    `insert into catalog.quarantine (source_id, object, ref, location, reason, mend, why, since)
     select $1, q.object, q.ref, q.location, q.reason, q.mend, 'failed', $7
     from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as q(object, ref, location, reason, mend)
     on conflict (source_id, object) do update set ref = excluded.ref, location = excluded.location, reason = excluded.reason, mend = excluded.mend,
       why = 'failed', dismissed_at = case when catalog.quarantine.reason = excluded.reason then catalog.quarantine.dismissed_at end
     returning object, ref, reason, xmax = 0 as fresh`,
    [
      sourceId,
      failing.map(({ object }) => cleanText(object)),
      failing.map(({ ref }) => ref ?? null),
      failing.map(({ location }) => cleanText(location)),
      failing.map(({ reason }) => cleanText(reason)),
      failing.map(({ mend }) => (mend === undefined ? null : cleanText(mend))),
      at,
    ],
  );
  return rows.filter(({ fresh }) => fresh).map(({ object, ref, reason }) => ({ object, ref: ref ?? undefined, reason }));
}

/** Mostly nothing is in it: then nobody has to be asked about each entity. */
async function hasAny(sql: Sql, sourceId: string): Promise<boolean> {
  const { rows } = await sql.query<{ some: boolean }>("select exists (select 1 from catalog.quarantine where source_id = $1) as some", [
    sourceId,
  ]);
  return rows[0]!.some;
}

async function clear(sql: Sql, sourceId: string, snapshot: Snapshot, failing: readonly Failing[]): Promise<void> {
  const described = snapshot.candidates.map(({ ref }) => ref);
  const isPartial = snapshot.gone !== undefined;
  // What is described well again, and what is not mentioned any more by a whole reading, is out of it.
  await sql.query(
    `delete from catalog.quarantine where source_id = $1 and not (object = any($2))
     and (ref = any($3) or (not $4 and why = 'failed' and not exists (select 1 from unnest($5::text[]) as p(prefix) where starts_with(location, p.prefix))))`,
    [sourceId, failing.map(({ object }) => object), described, isPartial, snapshot.unchangedLocations ?? []],
  );
  await sql.query(
    "delete from catalog.quarantine q where source_id = $1 and why = 'kept' and not exists (select 1 from catalog.entity e where e.ref = q.ref and e.source_id = $1)",
    [sourceId],
  );
}

/** An object per entity where entities are known to be behind it, else one per place. */
function failingObjects(snapshot: Snapshot, diff: Diff): Failing[] {
  const failing = new Map<string, Failing>();
  const add = (object: string, ref: string | undefined, location: string, problem: Problem | undefined): void => {
    if (failing.has(object)) return;
    failing.set(object, { object, ref, location, reason: problem ? said(problem) : "cannot be read", mend: problem?.mend });
  };
  const byRef = Map.groupBy(snapshot.problems, ({ ref }) => ref);
  for (const ref of snapshot.doubtfulRefs) {
    const problem = byRef.get(ref)?.[0];
    add(ref, ref, problem?.file ?? ref, problem);
  }
  const nameless = byRef.get(undefined) ?? [];
  for (const location of snapshot.doubtful) {
    const problem = nameless.find(({ file }) => location === file || location.endsWith(`/${file}`));
    const behind = diff.uncertain.filter((one) => one.location === location);
    for (const { ref } of behind) add(ref, ref, location, problem);
    if (behind.length === 0) add(location, undefined, location, problem);
  }
  return [...failing.values()];
}

function said({ at, reason }: Problem): string {
  return at === "" ? reason : `${at}: ${reason}`;
}

/** Lets entities stay though their source names them no more. */
export async function keepEntities(sql: Sql, sourceId: string, refs: readonly string[], reason: string, at: Date): Promise<void> {
  await sql.query(
    `insert into catalog.quarantine (source_id, object, ref, location, reason, mend, why, since)
     select $1, e.ref, e.ref, e.location, $3, $4, 'kept', $5 from catalog.entity e where e.ref = any($2) and e.source_id = $1
     on conflict (source_id, object) do update set reason = excluded.reason, mend = excluded.mend, why = 'kept', since = excluded.since, dismissed_at = null`,
    [sourceId, refs, reason, "Remove it, or describe it in the source again.", at],
  );
}

/** References of a source whose removal was rejected. */
export async function readKept(sql: Sql, sourceId: string): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ ref: string }>("select ref from catalog.quarantine where source_id = $1 and why = 'kept'", [sourceId]);
  return new Set(rows.map(({ ref }) => ref));
}
