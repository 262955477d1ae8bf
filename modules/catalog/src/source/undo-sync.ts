import { entityChanged, entityRegistered, entityRemoved, formatRef, type Entity } from "@roadbed/contracts/catalog";
import { sourceUndone, undoSync } from "@roadbed/contracts/catalog/connections";
import { ConflictError, handle, NotFoundError, type Ctx, type Handler, type Sql } from "@roadbed/core";

import { diffFields } from "../entity/diff-fields.ts";
import {
  causeOf,
  lockCatalog,
  nextChange,
  readDocuments,
  removeEntities,
  writeEntities,
  writeHistory,
  type HistoryWrite,
} from "../entity/entity-store.ts";
import type { Feed } from "../estate/feed.ts";
import { isSample, MAX_ENTITY_EVENTS } from "./apply-snapshot.ts";
import { pause } from "./pause-source.ts";
import { lockSource } from "./source-lock.ts";
import { changeSource, getSource, NO_COUNTS, viewSource, type SourceRow } from "./source-store.ts";
import { beginSync, endSync } from "./sync-store.ts";
import type { Syncer } from "./syncer.ts";

interface Origin {
  readonly sourceId: string;
  readonly location: string;
  readonly line: number | null;
  readonly hash: string;
}

/** What a run wrote of one entity, and how things stand with it now. */
type Written = {
  readonly ref: string;
  readonly change: "registered" | "changed" | "removed";
  readonly before: Entity | null;
  readonly origin: Origin | null;
  /** When somebody or something changed it after the run. */
  readonly later: Date | null;
  readonly exists: boolean;
  readonly docs_root: string | null;
  /** Whether the source it came from is still there. */
  readonly has_home: boolean;
};

interface Plan {
  readonly remove: readonly Written[];
  readonly write: readonly (Written & { readonly before: Entity; readonly origin: Origin })[];
  readonly conflicts: { ref: string; reason: string }[];
}

/** Takes back what one run wrote, by the history it left. What changed since is named and stays. */
export function makeUndoSync({ syncer, feed }: { readonly syncer: Syncer; readonly feed: Feed }): Handler {
  return handle(undoSync, async (ctx, { id, run }) => {
    const { sql } = ctx;
    const source = await getSource(sql, id);
    await lockSource(sql, id);
    await lockCatalog(sql);
    await assertUndoable(sql, source, run);
    const plan = planOf(await readWritten(sql, id, run));
    const syncId = await beginSync(sql, id, ctx.now(), { cause: "undo", actor: ctx.actor });
    feed.expect(await takeBack(ctx, source, plan, { run, syncId }));
    await endRun(ctx, source, plan, { run, syncId });
    await changeSource(sql, id, { fingerprint: null, memory: {} });
    const row = await pause(ctx, syncer, id, `run ${run} was taken back`);
    ctx.emit(sourceUndone, id, { sourceId: id, name: source.name, run, conflicts: plan.conflicts.length });
    return {
      source: await viewSource(sql, row, false),
      restored: plan.write.filter(({ change }) => change === "removed").length,
      reverted: plan.write.filter(({ change }) => change === "changed").length,
      removed: plan.remove.length,
      conflicts: plan.conflicts,
    };
  });
}

async function assertUndoable(sql: Sql, source: SourceRow, run: string): Promise<void> {
  const { rows } = await sql.query<{ state: string }>("select state from catalog.source_sync where source_id = $1 and id = $2", [
    source.id,
    run,
  ]);
  if (!rows[0]) throw new NotFoundError("run", run, "catalog.source.runs lists the runs of a source; the last hundred are kept.");
  if (rows[0].state === "undone") throw new ConflictError(`Run ${run} was taken back already.`, { mend: "Take back that undo instead." });
  if (rows[0].state === "failed" || rows[0].state === "held")
    throw new ConflictError(`Run ${run} wrote nothing.`, { mend: "Choose another run." });
}

async function readWritten(sql: Sql, sourceId: string, run: string): Promise<Written[]> {
  const { rows } = await sql.query<Written>(
    `select h.ref, h.change, h.before, h.origin, e.ref is not null as exists, e.docs_root,
       exists (select 1 from catalog.source s where s.id = h.origin->>'sourceId') as has_home,
       (select max(l.at) from catalog.history l where l.ref = h.ref and l.id > h.id) as later
     from catalog.history h left join catalog.entity e on e.ref = h.ref
     where h.sync_id = $2 and h.source_id = $1 order by h.id`,
    [sourceId, run],
  );
  return rows;
}

function planOf(written: readonly Written[]): Plan {
  const remove: Written[] = [];
  const write: (Written & { readonly before: Entity; readonly origin: Origin })[] = [];
  const conflicts: { ref: string; reason: string }[] = [];
  for (const one of written) {
    const { ref, change, before, origin } = one;
    const reason = reasonToLeave(one);
    if (reason !== undefined) conflicts.push({ ref, reason });
    else if (change === "registered") remove.push(one);
    else if (before && origin) write.push({ ...one, before, origin });
  }
  return { remove, write, conflicts };
}

function reasonToLeave({ later, change, before, origin, has_home }: Written): string | undefined {
  if (later !== null) return `changed again at ${later.toISOString()}`;
  if (change === "registered") return undefined;
  if (!before || !origin) return "how it was before is not known";
  return has_home ? undefined : "the source it came from is gone";
}

/** Answers the number of the change. */
async function takeBack(ctx: Ctx, source: SourceRow, plan: Plan, o: { readonly run: string; readonly syncId: string }): Promise<number> {
  const { sql } = ctx;
  const change = await nextChange(sql);
  const reason = `run ${o.run} of "${source.name}" was taken back`;
  const cause = causeOf(ctx, reason, o.syncId);
  const now = await readDocuments(
    sql,
    [...plan.write, ...plan.remove].map(({ ref }) => ref),
  );
  const history: HistoryWrite[] = [
    ...plan.remove.map(({ ref }) => ({ ref, change: "removed" as const, fields: [] })),
    ...plan.write.map(({ ref, before, exists }) =>
      exists
        ? { ref, change: "changed" as const, fields: diffFields(now.get(ref), before) }
        : { ref, change: "registered" as const, fields: [] },
    ),
  ];
  await writeHistory(sql, { change, source, cause }, history);
  await removeEntities(
    sql,
    plan.remove.map(({ ref }) => ref),
    change,
    cause,
  );
  for (const [home, writes] of Map.groupBy(plan.write, ({ origin }) => origin.sourceId)) {
    const entities = writes.map(({ ref, before, origin, docs_root }) => ({
      ref,
      json: JSON.stringify(before),
      hash: origin.hash,
      location: origin.location,
      line: origin.line,
      docsRoot: docs_root,
    }));
    await writeEntities(sql, home, entities, change, ctx.now());
  }
  tell(ctx, source, plan, now);
  return change;
}

function tell(ctx: Ctx, source: SourceRow, { remove, write }: Plan, now: ReadonlyMap<string, unknown>): void {
  if (remove.length + write.length > MAX_ENTITY_EVENTS) return;
  for (const { ref } of remove) {
    const entity = now.get(ref) as Entity | undefined;
    if (entity) ctx.emit(entityRemoved, ref, { ref, kind: entity.kind, sample: isSample(source, entity) });
  }
  for (const { before, exists } of write) {
    const ref = formatRef({ kind: before.kind, namespace: before.metadata.namespace ?? "default", name: before.metadata.name });
    ctx.emit(exists ? entityChanged : entityRegistered, ref, { ref, kind: before.kind, sample: isSample(source, before) });
  }
}

async function endRun(
  ctx: Ctx,
  source: SourceRow,
  plan: Plan,
  { run, syncId }: { readonly run: string; readonly syncId: string },
): Promise<void> {
  const { remove, write, conflicts } = plan;
  const counts = {
    ...NO_COUNTS,
    registered: write.filter(({ exists }) => !exists).length,
    changed: write.filter(({ exists }) => exists).length,
    removed: remove.length,
    conflicts: conflicts.length,
  };
  const note =
    conflicts.length === 0
      ? `took back run ${run}`
      : `took back run ${run}, but not ${conflicts
          .slice(0, 10)
          .map(({ ref }) => ref)
          .join(", ")}${conflicts.length > 10 ? " …" : ""}: changed since`;
  // Like a message, it says nothing of the rest of the source.
  await endSync(ctx.sql, source.id, syncId, { at: ctx.now(), durationMs: 0, counts, problems: [], fingerprint: null, partial: true, note });
  await ctx.sql.query("update catalog.source_sync set undoes = $2 where id = $1", [syncId, run]);
  await ctx.sql.query("update catalog.source_sync set state = 'undone', undone_by = $2 where id = $1", [run, syncId]);
}
