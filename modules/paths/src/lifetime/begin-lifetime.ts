import { newId, type Ctx } from "@roadbed/core";

import type { RunRow } from "../run/run-store.ts";
import { valueAt } from "../template/form.ts";
import { Duration } from "../template/golden-path.ts";

/** When a run has made something that its path gives a time to live: writes down until when, in the transaction of its end. */
export async function beginLifetime(ctx: Ctx, run: RunRow, entityRef: string | undefined): Promise<void> {
  const rules = run.path.promises.lifetime;
  if (rules === undefined) return;
  const asked = rules.parameter === undefined ? undefined : Duration.safeParse(valueAt(run.shown_values, rules.parameter)).data;
  const after = Math.min(asked ?? rules.afterMs, rules.atMostMs);
  const now = ctx.now();
  const named = run.shown_values["name"];
  await ctx.sql.query(
    `insert into paths.lifetime (id, run_id, path_ref, path_title, entity_ref, name, state, began_at, ends_at, at_most, warn_before_ms, extend_by_ms,
       end_path, end_values)
     values ($1, $2, $3, $4, $5, $6, 'active', $7, $8, $9, $10, $11, $12, $13) on conflict (run_id) do nothing`,
    [
      newId("lifetime", now.getTime()),
      run.id,
      run.path_ref,
      run.path_title,
      entityRef ?? null,
      typeof named === "string" ? named : (entityRef ?? run.path_title),
      now,
      new Date(now.getTime() + after),
      new Date(now.getTime() + rules.atMostMs),
      // Who lives shortly is warned at half time.
      Math.min(rules.warnBeforeMs, after / 2),
      rules.extendByMs,
      rules.end?.path ?? null,
      rules.end === undefined ? null : JSON.stringify(rules.end.values),
    ],
  );
}
