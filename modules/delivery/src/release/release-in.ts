import type { Ctx } from "@roadbed/core";

import { desiredIn } from "../promotion/promotion-store.ts";
import { findReleaseOf, findReleases, type ReleaseRow } from "./release-store.ts";

/** What an environment has, by what was promoted or by the commit that runs; undefined when it has nothing. */
export async function releaseIn(ctx: Pick<Ctx, "sql">, entityRef: string, environment: string): Promise<ReleaseRow | undefined> {
  const desired = await desiredIn(ctx.sql, entityRef, environment);
  if (desired !== undefined) return (await findReleases(ctx.sql, [desired])).get(desired);
  const { rows } = await ctx.sql.query<{ commit: string | null }>(
    "select commit from delivery.workload where entity_ref = $1 and environment = $2",
    [entityRef, environment],
  );
  const commit = rows[0]?.commit;
  return commit == null ? undefined : findReleaseOf(ctx.sql, entityRef, commit);
}
