import { entityRegistered, type Entity } from "@roadbed/contracts/catalog";
import { restoreEntity } from "@roadbed/contracts/catalog/time";
import { ConflictError, handle, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import { causeOf, lockCatalog, nextChange, writeEntities, writeHistory } from "../entity/entity-store.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { seesDocument } from "../estate/visibility.ts";
import { mergeWrites } from "../facts/merge-entities.ts";
import { ensureSource, type SourceRow } from "../source/source-store.ts";
import { readTombstone, type TombstoneRow } from "./tombstone-store.ts";

/** Where entities are held that nothing names any more. */
const HELD = "restored";

/**
 * Puts back what a tombstone holds. What calls had registered belongs to them again. Of what a file described nobody knows whether
 * it is still described: it is held as if a call had registered it, and a source that names it takes it over at its next reading,
 * which is asked for at once.
 */
export function makeRestoreEntity(deps: { readonly catalogue: Catalogue; readonly schedule: (sourceId: string) => void }): Handler {
  return handle(restoreEntity, async (ctx, { ref, reason }) => {
    const { sql } = ctx;
    await lockCatalog(sql);
    const gone = await readTombstone(sql, ref);
    if (!gone || !(await seesDocument(deps.catalogue, ctx, { entity: gone.document, sourceId: gone.sourceId })))
      throw await refusal(deps.catalogue, ctx, ref);
    const { source, origin, reread } = await homeOf(ctx, gone);
    const change = await nextChange(sql);
    const cause = causeOf(reason === undefined ? ctx : { ...ctx, reason }, "it was restored");
    await writeHistory(sql, { change, source, cause }, [{ ref, change: "registered", fields: [] }]);
    const location = origin === "source" ? gone.location : `inline:${source.target}`;
    const write = { ref, json: JSON.stringify(gone.document), hash: gone.hash, location, line: null, docsRoot: null };
    // What people and other sources say of it was never forgotten.
    const writes = await mergeWrites(sql, source, [{ ...write, entity: gone.document }], deps.catalogue.kinds);
    await writeEntities(sql, source.id, writes, change, ctx.now());
    deps.catalogue.feed.expect(change);
    ctx.emit(entityRegistered, ref, { ref, kind: gone.document.kind, sample: source.sample });
    if (reread !== undefined) {
      await sql.query("update catalog.source set fingerprint = null where id = $1", [reread]);
      deps.schedule(reread);
    }
    return { ref, origin, note: noteOf(gone, origin, reread !== undefined) };
  });
}

async function refusal(catalogue: Catalogue, ctx: Ctx, ref: string): Promise<ConflictError | NotFoundError> {
  const { rows } = await ctx.sql.query<{ document: Entity; source_id: string }>(
    "select document, source_id from catalog.entity where ref = $1",
    [ref],
  );
  const [there] = rows;
  if (there && (await seesDocument(catalogue, ctx, { entity: there.document, sourceId: there.source_id }))) {
    return new ConflictError(`${ref} is there.`, { mend: "Nothing has to be restored." });
  }
  return new NotFoundError("removed entity", ref, "List the removed entities to see what can be restored: `roadbed entity removed`.");
}

/** The source that has it from now on, and the one to be read again because it may still name it. */
async function homeOf(
  ctx: Ctx,
  gone: TombstoneRow,
): Promise<{ readonly source: SourceRow; readonly origin: "source" | "held"; readonly reread: string | undefined }> {
  const { rows } = await ctx.sql.query<Record<string, unknown>>("select * from catalog.source where id = $1", [gone.sourceId]);
  const own = rows[0] as unknown as SourceRow | undefined;
  if (own?.kind === "inline") return { source: own, origin: "source", reread: undefined };
  const held = gone.sample ? `${HELD}-sample` : HELD;
  const source = await ensureSource(
    ctx.sql,
    { kind: "inline", target: held, name: gone.sample ? "Restored (sample)" : "Restored", watch: false, sample: gone.sample },
    ctx.now(),
  );
  await ctx.sql.query("update catalog.source set state = 'ok', last_sync_at = $2 where id = $1", [source.id, ctx.now()]);
  return { source, origin: "held", reread: own?.id };
}

function noteOf({ sourceName }: TombstoneRow, origin: "source" | "held", reread: boolean): string {
  if (origin === "source") return `It belongs to "${sourceName}" again.`;
  if (reread)
    return `It is held as it was. If "${sourceName}" still names it, that source takes it over at its next reading, which begins now.`;
  return `Its source "${sourceName}" is no longer read: it is held as it was until some source names it.`;
}
