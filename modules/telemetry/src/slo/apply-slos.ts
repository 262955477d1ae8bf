import { applySlos, removeSlo, type Slo } from "@roadbed/contracts/telemetry/slos";
import { ConflictError, handle, type Ctx, type Handler, type Operation } from "@roadbed/core";

import type { ObjectiveDeps } from "../deps.ts";
import { dropSlo, keepSlo, lockSlo, type SloChange } from "./keep-slo.ts";
import { readOpenSlo, type SloText } from "./read-openslo.ts";
import { readSlo, type SloRow } from "./slo-store.ts";
import { toSlo } from "./to-slo.ts";

export type ThingsAndMay = Pick<ObjectiveDeps, "things" | "may">;

export function makeApplySlos(deps: ThingsAndMay): Handler {
  return handle(applySlos, async (ctx, { text, sample }) => {
    const said = readOpenSlo(text);
    const items: (Slo & { change: SloChange })[] = [];
    // In one order, whoever applies: two at once wait for each other and never both.
    for (const one of said.toSorted((a, b) => (a.name < b.name ? -1 : 1))) items.push(await applyOne(deps, ctx, one, sample));
    return { items: said.map(({ name }) => items.find((item) => item.name === name)!) };
  });
}

async function applyOne(deps: ThingsAndMay, ctx: Ctx, said: SloText, sample: boolean): Promise<Slo & { change: SloChange }> {
  const before = await lockSlo(ctx, said.name);
  await requireOwner(deps, ctx, applySlos, said.entityRef);
  if (before !== undefined) {
    if (before.entity_ref !== said.entityRef) await requireOwnerOfName(deps, ctx, before);
    refuseOfRepository(before);
  }
  const { row, change } = await keepSlo(ctx, { before, said, sample, origin: undefined });
  return { ...toSlo(row, await deps.things.ownerOf(ctx, said.entityRef)), change };
}

export function makeRemoveSlo(deps: ThingsAndMay): Handler {
  return handle(removeSlo, async (ctx, { name }) => {
    const row = await readSlo(ctx.sql, name, await deps.things.hiddenFrom(ctx), true);
    await requireOwner(deps, ctx, removeSlo, row.entity_ref);
    refuseOfRepository(row);
    await dropSlo(ctx, row);
    return { name };
  });
}

/** What a file says would come back at the next push. */
function refuseOfRepository({ name, repository, path }: SloRow): void {
  if (repository === null) return;
  throw new ConflictError(`${name} stands in ${path ?? "a file"} of the repository ${repository}.`, { mend: "Change it there, and push." });
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
