import type { Sql } from "@roadbed/core";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const HOUR = 3_600_000;
/** A failed run can be retried this long with its workspace as it was; later its local steps are done again. */
const KEPT_DAYS = 14;

/** Removes what a killed server left in the data folder, and the workspaces of runs that ended long ago. */
export async function cleanUp(sql: Sql, dataDir: string, now: number = Date.now()): Promise<void> {
  for (const name of await namesIn(join(dataDir, "previews"))) {
    const folder = join(dataDir, "previews", name);
    const made = await stat(folder).catch(() => undefined);
    if (made !== undefined && now - made.mtimeMs > HOUR) await rm(folder, { recursive: true, force: true });
  }
  const ids = await namesIn(join(dataDir, "runs"));
  if (ids.length === 0) return;
  const { rows } = await sql.query<{ id: string }>(
    "select id from paths.run where id = any($1) and (ended_at is null or (status <> 'succeeded' and ended_at > $2))",
    [ids, new Date(now - KEPT_DAYS * 24 * HOUR)],
  );
  const kept = new Set(rows.map(({ id }) => id));
  for (const id of ids.filter((one) => !kept.has(one))) await rm(join(dataDir, "runs", id), { recursive: true, force: true });
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
