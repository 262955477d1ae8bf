import type { Run } from "@roadbed/contracts/paths";
import { InvalidError, DomainError, type Ctx, type Handler } from "@roadbed/core";

import { readRun, type RunRow } from "../run/run-store.ts";
import { valueAt } from "../template/form.ts";
import type { LifetimeRow } from "./lifetime-store.ts";

const PLACE = /\$\{\{\s*(parameters|outputs)\.([A-Za-z0-9_.-]+)\s*\}\}/g;

/**
 * Follows the path that a time to live names for its end, in the name of whoever asked for what ends, with the rights that they had. What
 * refuses it (something still uses the thing, a policy, a path that is gone) is written down in words and tried again later.
 */
export async function followEndPath(start: Handler, ctx: Ctx, row: LifetimeRow): Promise<void> {
  const run = await readRun(ctx.sql, row.run_id);
  const { actor, scopes } = run.actor_detail as { readonly actor: Ctx["actor"]; readonly scopes?: readonly string[] };
  const { idempotencyKey: _none, ...rest } = ctx;
  const own: Ctx = { ...rest, actor, scopes: new Set(scopes ?? []) };
  await ctx.sql.query("savepoint end_path");
  try {
    const begun = (await start.run(own, { path: row.end_path, values: answersOf(row.end_values ?? {}, run) })) as Run;
    await ctx.sql.query("release savepoint end_path");
    await ctx.sql.query("update paths.lifetime set end_run_id = $2, end_error = null, tried_at = $3 where id = $1", [
      row.id,
      begun.id,
      ctx.now(),
    ]);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    await ctx.sql.query("rollback to savepoint end_path");
    const why = error.mend === undefined ? error.message : `${error.message} ${error.mend}`;
    await ctx.sql.query("update paths.lifetime set end_error = $2, tried_at = $3 where id = $1", [row.id, why.slice(0, 2_000), ctx.now()]);
  }
}

/** Texts with places in them; one that is only a place keeps what comes there as it is. Throws `InvalidError` for a place with nothing. */
export function answersOf(
  values: Readonly<Record<string, unknown>>,
  { shown_values: parameters, outputs }: Pick<RunRow, "shown_values" | "outputs">,
): Record<string, unknown> {
  const at = (from: string, path: string): unknown => {
    const value = valueAt((from === "outputs" ? outputs : parameters) ?? {}, path);
    if (value === undefined || value === "***") {
      throw new InvalidError(`The run has nothing for \${{ ${from}.${path} }}, which the path names for its end.`);
    }
    return value;
  };
  const fill = (value: unknown): unknown => {
    if (typeof value !== "string") return value;
    const whole = new RegExp(`^${PLACE.source}$`).exec(value);
    if (whole !== null) return at(whole[1]!, whole[2]!);
    return value.replaceAll(PLACE, (_found, from: string, path: string) => {
      const found = at(from, path);
      return typeof found === "string" ? found : JSON.stringify(found);
    });
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(value)]));
}
