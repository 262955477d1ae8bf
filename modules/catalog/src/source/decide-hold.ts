import { approveHold, rejectHold, sourceDecided } from "@roadbed/contracts/catalog/connections";
import { ConflictError, formatActor, handle, type Ctx, type Handler } from "@roadbed/core";

import { lockCatalog } from "../entity/entity-store.ts";
import { withoutKinds } from "./allow-kinds.ts";
import { compareStored } from "./apply-snapshot.ts";
import { digestOf } from "./deletion-guard.ts";
import { readHold, removeHold, type StoredHold } from "./hold-store.ts";
import { keepEntities } from "./quarantine-store.ts";
import { openSource, readConnected, readFiles, type ReadDeps } from "./read-source.ts";
import type { Snapshot } from "./snapshot.ts";
import { lockSource } from "./source-lock.ts";
import { changeSource, getSource, viewSource, type SourceRow } from "./source-store.ts";
import type { Syncer } from "./syncer.ts";

/** Reads the source again and lets the run do what was asked about, if that is still what it would do. */
export function makeApproveHold({ syncer }: { readonly syncer: Syncer }): Handler {
  return handle(approveHold, async (ctx, { id }) => {
    const source = await getSource(ctx.sql, id);
    const { digest } = await heldOf(ctx, source);
    const synced = await syncer.sync(ctx, source, { cause: "approve", approved: digest }).catch((error: unknown) => {
      // What it says now is the next question.
      if (error instanceof ConflictError) syncer.schedule(id, { anew: true });
      throw error;
    });
    return { source: await viewSource(ctx.sql, synced.source, false), counts: synced.counts };
  });
}

/** Keeps the entities: from now on the source may name them no more without asking. */
export function makeRejectHold(deps: ReadDeps & { readonly syncer: Syncer }): Handler {
  return handle(rejectHold, async (ctx, { id }) => {
    const source = await getSource(ctx.sql, id);
    await lockSource(ctx.sql, id);
    const stored = await heldOf(ctx, source);
    const said = await readNow(deps, ctx, source);
    await lockCatalog(ctx.sql);
    const snapshot = await withoutKinds(ctx.sql, source, said);
    const diff = await compareStored(ctx.sql, source, snapshot);
    if (digestOf(diff, snapshot) !== stored.digest) {
      deps.syncer.schedule(id, { anew: true });
      throw new ConflictError("The source says something else than what was asked about.", {
        mend: "It is read again; look at what it asks then.",
      });
    }
    const reason = `the source names it no more; ${formatActor(ctx.actor)} decided that it stays`;
    await keepEntities(ctx.sql, id, diff.removed, reason, ctx.now());
    await removeHold(ctx.sql, id);
    ctx.emit(sourceDecided, id, { sourceId: id, name: source.name, decision: "rejected" });
    const row = await changeSource(ctx.sql, id, { state: "partial" });
    // What else the run would have done.
    deps.syncer.schedule(id, { anew: true });
    return { source: await viewSource(ctx.sql, row, false), kept: diff.removed.length };
  });
}

async function heldOf({ sql }: Ctx, source: SourceRow): Promise<StoredHold> {
  const found = await readHold(sql, source.id);
  if (found) return found;
  throw new ConflictError(`The source "${source.name}" asks nothing.`, {
    mend: "It was decided already, or the source thought better of it.",
  });
}

async function readNow(deps: ReadDeps, ctx: Ctx, source: SourceRow): Promise<Snapshot> {
  if (source.kind === "connector") return readConnected(deps, ctx.sql, source, { signal: ctx.signal, now: ctx.now });
  return readFiles(deps, ctx.sql, await openSource(deps, source, ctx.signal));
}
