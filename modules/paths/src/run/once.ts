import type { Sql } from "@roadbed/core";

/** Where notes are kept, and what they belong to: the step of a run, or what is asked of a resource. */
export type NoteOwner = { readonly runId: string } | { readonly resourceId: string };

/** Does something once for a step: what it answered is kept, and answered again after a crash. Two at once keep the first. */
export async function once<T>(
  sql: Sql,
  { key, name, ...owner }: NoteOwner & { readonly key: string; readonly name: string },
  work: () => Promise<T>,
): Promise<T> {
  const table = tableOf(owner);
  const kept = await readNote<T>(sql, key, name, table);
  if (kept !== undefined) return kept.value;
  const value = await work();
  const [column, id] = "runId" in owner ? ["run_id", owner.runId] : ["resource_id", owner.resourceId];
  await sql.query(`insert into ${table} (${column}, key, name, value) values ($1, $2, $3, $4) on conflict do nothing`, [
    id,
    key,
    name,
    JSON.stringify(value ?? null),
  ]);
  return ((await readNote<T>(sql, key, name, table)) ?? { value }).value;
}

type Table = "paths.step_note" | "paths.resource_note";

/** What was noted for a step under a name. */
export async function readNote<T>(
  sql: Sql,
  key: string,
  name: string,
  table: Table = "paths.step_note",
): Promise<{ readonly value: T } | undefined> {
  return (await sql.query<{ value: T }>(`select value from ${table} where key = $1 and name = $2`, [key, name])).rows[0];
}

function tableOf(owner: NoteOwner): Table {
  return "runId" in owner ? "paths.step_note" : "paths.resource_note";
}
