import type { Sql } from "@roadbed/core";

/** Does something once for a step: what it answered is kept, and answered again after a crash. Two at once keep the first. */
export async function once<T>(
  sql: Sql,
  { runId, key, name }: { readonly runId: string; readonly key: string; readonly name: string },
  work: () => Promise<T>,
): Promise<T> {
  const kept = await readNote<T>(sql, key, name);
  if (kept !== undefined) return kept.value;
  const value = await work();
  await sql.query("insert into paths.step_note (run_id, key, name, value) values ($1, $2, $3, $4) on conflict do nothing", [
    runId,
    key,
    name,
    JSON.stringify(value ?? null),
  ]);
  return ((await readNote<T>(sql, key, name)) ?? { value }).value;
}

/** What was noted for a step under a name. */
export async function readNote<T>(sql: Sql, key: string, name: string): Promise<{ readonly value: T } | undefined> {
  return (await sql.query<{ value: T }>("select value from paths.step_note where key = $1 and name = $2", [key, name])).rows[0];
}
