import type { Preview } from "@roadbed/contracts/delivery/changes";
import type { Sql } from "@roadbed/core";

import { findWorkload, urlOf } from "../workload/workload-store.ts";

/** The preview of a change, with its address where it is served; undefined where none was wanted. */
export async function previewOf(
  sql: Sql,
  change: { readonly id: string; readonly entity_ref: string },
  routerUrl: string,
): Promise<Preview | undefined> {
  const { rows } = await sql.query<{
    environment: string | null;
    commit: string;
    state: Preview["state"];
    why: string | null;
    expires_at: Date | null;
  }>(
    "select p.environment, p.commit, p.state, p.why, e.expires_at from delivery.preview p left join delivery.environment e on e.name = p.environment where change_id = $1",
    [change.id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const workload = row.environment === null ? undefined : await findWorkload(sql, change.entity_ref, row.environment);
  const address = workload && row.state !== "ended" ? urlOf(workload, routerUrl) : undefined;
  return {
    state: row.state,
    commit: row.commit,
    ...(row.environment === null ? {} : { environment: row.environment }),
    ...(row.why === null ? {} : { why: row.why }),
    ...(address === undefined ? {} : { address }),
    ...(row.expires_at === null || row.state === "ended" ? {} : { expiresAt: row.expires_at.toISOString() }),
  };
}
