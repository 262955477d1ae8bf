import { pauseSource, resumeSource, sourcePaused } from "@roadbed/contracts/catalog/connections";
import { handle, type Ctx, type Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleSource } from "./show-source.ts";
import { changeSource, viewSource, type SourceRow } from "./source-store.ts";
import type { Syncer } from "./syncer.ts";

/** Stops reading a source by itself. A run that is under way ends first. */
export async function pause(ctx: Ctx, syncer: Syncer, sourceId: string, reason: string | undefined): Promise<SourceRow> {
  const row = await changeSource(ctx.sql, sourceId, { paused_at: ctx.now(), paused_reason: reason ?? ctx.reason ?? null });
  syncer.forget(sourceId);
  ctx.emit(sourcePaused, sourceId, { sourceId, name: row.name, ...(reason === undefined ? {} : { reason }) });
  return row;
}

export function makePauseHandlers({ syncer, catalogue }: { readonly syncer: Syncer; readonly catalogue: Catalogue }): readonly Handler[] {
  return [
    handle(pauseSource, async (ctx, { id, reason }) => {
      await visibleSource(catalogue, ctx, id);
      return { source: await viewSource(ctx.sql, await pause(ctx, syncer, id, reason), false) };
    }),
    handle(resumeSource, async (ctx, { id }) => {
      await visibleSource(catalogue, ctx, id);
      const row = await changeSource(ctx.sql, id, { paused_at: null, paused_reason: null });
      syncer.schedule(id, { anew: true });
      return { source: await viewSource(ctx.sql, row, false) };
    }),
  ];
}
