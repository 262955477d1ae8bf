import { sloChanged } from "@roadbed/contracts/telemetry/slos";
import { formatActor, type Ctx } from "@roadbed/core";

import { endIncident } from "../incident/declare-incident.ts";
import type { SloText } from "./read-openslo.ts";
import { putSlo, readSlo, type SloOrigin, type SloRow } from "./slo-store.ts";

export type SloChange = "made" | "changed" | "unchanged";

/** The row of a name, held until the transaction ends; whoever says the same name at once waits. */
export async function lockSlo(ctx: Ctx, name: string): Promise<SloRow | undefined> {
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('telemetry.slo ' || $1))", [name]);
  const { rows } = await ctx.sql.query<SloRow>("select * from telemetry.slo where name = $1 for update", [name]);
  return rows[0];
}

/** Makes an objective or changes it to what is said; the row must be locked. */
export async function keepSlo(
  ctx: Ctx,
  o: { readonly before: SloRow | undefined; readonly said: SloText; readonly sample: boolean; readonly origin: SloOrigin | undefined },
): Promise<{ readonly row: SloRow; readonly change: SloChange }> {
  const { before, said, sample, origin } = o;
  const isSame =
    before !== undefined &&
    before.text === said.text &&
    before.sample === sample &&
    before.repository === (origin?.repository ?? null) &&
    before.path === (origin?.path ?? null);
  if (isSame) return { row: before, change: "unchanged" };
  await putSlo(ctx.sql, { said, sample, origin, by: formatActor(ctx.actor), now: ctx.now() });
  const change = before === undefined ? "made" : "changed";
  ctx.emit(sloChanged, said.name, { slo: said.name, title: said.title, entityRef: said.entityRef, change, target: said.target });
  const row = await readSlo(ctx.sql, said.name, []);
  if (before === undefined || before.revision === row.revision) return { row, change };
  await forgetAlert(ctx, before);
  return { row: await readSlo(ctx.sql, said.name, []), change };
}

/** Something else is counted from now on: what fired before is over, and so is its incident. */
async function forgetAlert(ctx: Ctx, before: SloRow): Promise<void> {
  await ctx.sql.query(`update telemetry.slo set alert = '{"firing": []}' where name = $1`, [before.name]);
  if (before.alert.incident === undefined) return;
  await endIncident(ctx, before.alert.incident.id, { at: ctx.now(), summary: `What ${before.name} counts was changed.` });
}

export async function dropSlo(ctx: Ctx, row: SloRow): Promise<void> {
  await ctx.sql.query("delete from telemetry.slo where name = $1", [row.name]);
  ctx.emit(sloChanged, row.name, { slo: row.name, title: row.title, entityRef: row.entity_ref, change: "removed", target: row.target });
}
