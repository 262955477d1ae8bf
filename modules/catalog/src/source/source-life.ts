import { listRuns, listSamples, rotateHook } from "@roadbed/contracts/catalog/connections";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { hookPathOf } from "./hook-path.ts";
import { readSamples } from "./sample-store.ts";
import { visibleSource } from "./show-source.ts";
import type { SourceSecrets } from "./source-secrets.ts";
import { getSource } from "./source-store.ts";
import { listSyncs } from "./sync-store.ts";

/** What is kept of a source's life: its runs, its raw samples, the secret of its webhook. */
export function makeLifeHandlers({
  catalogue,
  secrets,
}: {
  readonly catalogue: Catalogue;
  readonly secrets: SourceSecrets;
}): readonly Handler[] {
  return [
    handle(listRuns, async (ctx, { id, limit, cursor }) => {
      await visibleSource(catalogue, ctx, id);
      await getSource(ctx.sql, id);
      const rows = await listSyncs(ctx.sql, id, limit + 1, readCursor(z.string().regex(/^\d{1,18}$/), cursor));
      const items = rows.slice(0, limit);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(listSamples, async (ctx, { id, limit }) => {
      // A raw body may name what the caller may not see.
      const visible = await visibleSource(catalogue, ctx, id);
      await getSource(ctx.sql, id);
      const samples = visible.all ? await readSamples(ctx.sql, id, limit) : [];
      return { items: samples.map(({ at, ...sample }) => ({ ...sample, at: at.toISOString() })) };
    }),
    handle(rotateHook, async (ctx, { id }) => {
      await getSource(ctx.sql, id);
      return { path: hookPathOf(id), secret: await secrets.rotateHook(ctx.sql, id) };
    }),
  ];
}
