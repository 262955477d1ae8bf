import type { Run } from "@roadbed/contracts/paths";
import type { Ctx } from "@roadbed/core";

import { totalOf } from "./cost.ts";
import type { ResourceRow } from "./resource-store.ts";

/** What a run requested by type and class, as it stands, and what all of it that is not gone costs in a month. Only what the caller may see. */
export async function resourcesOfRun(ctx: Ctx, runId: string, hidden: readonly string[]): Promise<Pick<Run, "resources" | "monthlyCost">> {
  const { rows } = await ctx.sql.query<ResourceRow>(
    `select * from paths.resource where run_id = $1 and not (entity_ref = any($2) or owner = any($2) or coalesce(consumer, '') = any($2))
     order by id limit 200`,
    [runId, hidden],
  );
  if (rows.length === 0) return {};
  const priced = rows
    .filter(({ state }) => state !== "destroyed")
    .map(({ type, class: of, name, environment, cost }) => ({ resource: `${type}/${of} ${name}`, environment, cost: cost ?? undefined }));
  const monthlyCost = totalOf(priced);
  return {
    resources: rows.map(({ id, type, class: of, name, environment, state, cost }) => ({
      id,
      type,
      class: of,
      name,
      environment,
      state,
      ...(cost === null ? {} : { cost }),
    })),
    ...(monthlyCost === undefined ? {} : { monthlyCost }),
  };
}
