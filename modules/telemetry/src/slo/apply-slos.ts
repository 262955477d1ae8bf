import { applySlos, removeSlo, sloChanged, type Slo } from "@roadbed/contracts/telemetry/slos";
import { ConflictError, formatActor, handle, type Ctx, type Handler, type Operation } from "@roadbed/core";

import type { ObjectiveDeps } from "../deps.ts";
import { endIncident } from "../incident/declare-incident.ts";
import { readOpenSlo, type SloText } from "./read-openslo.ts";
import { putSlo, readSlo, type SloRow } from "./slo-store.ts";
import { toSlo } from "./to-slo.ts";

export type ThingsAndMay = Pick<ObjectiveDeps, "things" | "may">;

export function makeApplySlos(deps: ThingsAndMay): Handler {
  return handle(applySlos, async (ctx, { text, sample }) => {
    const said = readOpenSlo(text);
    const items: (Slo & { change: "made" | "changed" | "unchanged" })[] = [];
    // In one order, whoever applies: two at once wait for each other and never both.
    for (const one of said.toSorted((a, b) => (a.name < b.name ? -1 : 1))) items.push(await applyOne(deps, ctx, one, sample));
    return { items: said.map(({ name }) => items.find((item) => item.name === name)!) };
  });
}

async function applyOne(deps: ThingsAndMay, ctx: Ctx, said: SloText, sample: boolean) {
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('telemetry.slo ' || $1))", [said.name]);
  const { rows } = await ctx.sql.query<SloRow>("select * from telemetry.slo where name = $1 for update", [said.name]);
  const [before] = rows;
  await requireOwner(deps, ctx, applySlos, said.entityRef);
  if (before !== undefined && before.entity_ref !== said.entityRef) await requireOwnerOfName(deps, ctx, before);
  const unchanged = before !== undefined && before.text === said.text && before.sample === sample;
  if (!unchanged) await putSlo(ctx.sql, { said, sample, by: formatActor(ctx.actor), now: ctx.now() });
  const change = unchanged ? ("unchanged" as const) : before === undefined ? ("made" as const) : ("changed" as const);
  const row = await readSlo(ctx.sql, said.name, []);
  if (before !== undefined && before.revision !== row.revision) await forgetAlert(ctx, before);
  if (change !== "unchanged")
    ctx.emit(sloChanged, said.name, { slo: said.name, title: said.title, entityRef: said.entityRef, change, target: said.target });
  const known = await readSlo(ctx.sql, said.name, []);
  return { ...toSlo(known, await deps.things.ownerOf(ctx, said.entityRef)), change };
}

/** Something else is counted from now on: what fired before is over, and so is its incident. */
async function forgetAlert(ctx: Ctx, before: SloRow): Promise<void> {
  await ctx.sql.query(`update telemetry.slo set alert = '{"firing": []}' where name = $1`, [before.name]);
  if (before.alert.incident === undefined) return;
  await endIncident(ctx, before.alert.incident.id, { at: ctx.now(), summary: `What ${before.name} counts was changed.` });
}

export function makeRemoveSlo(deps: ThingsAndMay): Handler {
  return handle(removeSlo, async (ctx, { name }) => {
    const row = await readSlo(ctx.sql, name, await deps.things.hiddenFrom(ctx), true);
    await requireOwner(deps, ctx, removeSlo, row.entity_ref);
    await ctx.sql.query("delete from telemetry.slo where name = $1", [name]);
    ctx.emit(sloChanged, name, { slo: name, title: row.title, entityRef: row.entity_ref, change: "removed", target: row.target });
    return { name };
  });
}

/** Only its owners, and administrators, say what is promised of a thing: as for all that is said in its name. */
async function requireOwner({ may }: ThingsAndMay, ctx: Ctx, operation: Operation, ref: string): Promise<void> {
  await may?.(ctx, { ...operation, risk: "high" }, { kind: "entity", id: ref });
}

/** A name that is taken by somebody else's objective: one that may not be seen is not told about. */
async function requireOwnerOfName(deps: ThingsAndMay, ctx: Ctx, before: SloRow): Promise<void> {
  try {
    await requireOwner(deps, ctx, applySlos, before.entity_ref);
  } catch {
    throw new ConflictError(`The name ${before.name} is taken by an objective of something else.`, {
      mend: "Choose another metadata.name.",
    });
  }
}
