import { getSample, removeSample, sampleRemoved } from "@roadbed/contracts/catalog";
import { handle, type Ctx, type Handler } from "@roadbed/core";

import type { Feed } from "../estate/feed.ts";
import type { Kinds } from "../kinds/registry.ts";
import { lockSource } from "../source/source-lock.ts";
import { removeSource } from "../source/remove-source.ts";
import { ensureSource, getSource } from "../source/source-store.ts";
import { forgetObservedSample } from "../observed/fold-observations.ts";
import type { Syncer } from "../source/syncer.ts";

/** Reads a folder as the sample estate: all that comes from it is labelled so and can be taken away at once. */
export async function importSample(syncer: Syncer, ctx: Ctx, folder: string): Promise<{ readonly entities: number }> {
  const source = await ensureSource(
    ctx.sql,
    { kind: "folder", target: folder, name: "Sample estate", watch: false, sample: true },
    ctx.now(),
  );
  const { counts } = await syncer.sync(ctx, source);
  return { entities: counts.registered + counts.changed + counts.unchanged };
}

export function makeSampleHandlers({
  syncer,
  feed,
  kinds,
}: {
  readonly syncer: Syncer;
  readonly feed: Feed;
  readonly kinds: Kinds;
}): readonly Handler[] {
  return [
    handle(getSample, async ({ sql }) => {
      const { rows } = await sql.query<{ sources: number; entities: number }>(
        `select count(distinct s.id)::int as sources, count(e.ref)::int as entities
         from catalog.source s left join catalog.entity e on e.source_id = s.id where s.sample`,
      );
      return { loaded: (rows[0]?.sources ?? 0) > 0, entities: rows[0]?.entities ?? 0 };
    }),
    handle(removeSample, async (ctx) => {
      const { rows } = await ctx.sql.query<{ id: string }>("select id from catalog.source where sample order by id");
      // All of them first: whoever has the catalogue's lock waits for no source.
      for (const { id } of rows) await lockSource(ctx.sql, id);
      let removedEntities = 0;
      for (const { id } of rows) {
        const { removed, change } = await removeSource(ctx, await getSource(ctx.sql, id), kinds);
        feed.expect(change);
        syncer.forget(id);
        removedEntities += removed;
      }
      // The sample goes as a whole: no piece of it is there to be restored.
      await ctx.sql.query("update catalog.removed_entity set document = null where sample");
      await forgetObservedSample(ctx.sql);
      for (const table of ["overlay", "confirmation", "question"]) {
        await ctx.sql.query(`delete from catalog.${table} where ref in (select ref from catalog.removed_entity where sample)`);
      }
      // Also when nothing was left here: another module may still keep something of it.
      ctx.emit(sampleRemoved, "sample", {});
      await syncer.scheduleConflicted(ctx);
      return { removedEntities };
    }),
  ];
}
