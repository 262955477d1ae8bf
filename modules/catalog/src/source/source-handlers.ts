import {
  deleteSource,
  getSource as getSourceOperation,
  importSource,
  listSources as listSourcesOperation,
  type Source,
  syncSource,
} from "@roadbed/contracts/catalog";
import { decodeCursor, encodeCursor, handle, InvalidError, type Ctx, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { nameOf, readTarget } from "./git-address.ts";
import { removeSource } from "./remove-source.ts";
import { makeRestrictSource } from "./restrict-source.ts";
import { showProblems, showSource, visibleSource } from "./show-source.ts";
import { countEntities, ensureSource, getSource, listProblems, listSources, listSyncs, viewOf, type SourceRow } from "./source-store.ts";
import type { Synced, Syncer } from "./syncer.ts";

export function makeSourceHandlers(deps: { readonly syncer: Syncer; readonly catalogue: Catalogue }): readonly Handler[] {
  return [
    makeImportSource(deps),
    makeListSources(deps),
    makeGetSource(deps),
    makeSyncSource(deps),
    makeDeleteSource(deps),
    makeRestrictSource(deps.catalogue.feed),
  ];
}

type Deps = Parameters<typeof makeSourceHandlers>[0];

function makeImportSource({ syncer, catalogue }: Deps): Handler {
  return handle(importSource, async (ctx, { target: text, name, watch, branch }) => {
    const target = readTarget(text);
    // Before the catalogue is locked: who holds the lock asks for no other connection.
    const visible = await visibleTo(catalogue, ctx);
    const source = await ensureSource(
      ctx.sql,
      { kind: target.kind, target: target.target, name: name ?? nameOf(target.target), branch, watch },
      ctx.now(),
    );
    return answerOf(catalogue, visible, ctx, await syncer.sync(ctx, source, target.kind === "git" ? { address: target.address } : {}));
  });
}

function makeSyncSource({ syncer, catalogue }: Deps): Handler {
  return handle(syncSource, async (ctx, { id }) => {
    const visible = await visibleSource(catalogue, ctx, id);
    return answerOf(catalogue, visible, ctx, await syncer.trySync(ctx, await getSource(ctx.sql, id)));
  });
}

async function answerOf(catalogue: Catalogue, visible: Visibility, ctx: Ctx, { source, counts, problems, durationMs }: Synced) {
  const entities = await countEntities(ctx.sql, source.id);
  return {
    source: viewOf(source, entities.get(source.id) ?? 0, false),
    counts,
    problems: showProblems(catalogue, visible, source.id, problems),
    durationMs,
  };
}

function makeListSources({ syncer, catalogue }: Deps): Handler {
  return handle(listSourcesOperation, async (ctx, { limit, cursor }) => {
    const { sql } = ctx;
    const after = cursor === undefined ? "" : decodeCursor(z.string(), cursor);
    if (after === undefined) {
      throw new InvalidError("This cursor does not belong to this list.", { mend: "Begin at the first page again: leave the cursor out." });
    }
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const rows = await listSources(sql, after, limit + 1, catalogue.estate.restrictions.sourcesHiddenFrom(visible.seesSource));
    const entities = await countEntities(sql);
    const page = rows.slice(0, limit);
    return {
      items: page.map((row) => showSource(catalogue, visible, viewOf(row, entities.get(row.id) ?? 0, syncer.isSyncing(row.id)))),
      ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}),
    };
  });
}

function makeGetSource({ syncer, catalogue }: Deps): Handler {
  return handle(getSourceOperation, async (ctx, { id }) => {
    const { sql } = ctx;
    await catalogue.feed.fresh();
    const visible = await visibleSource(catalogue, ctx, id);
    const row = await getSource(sql, id);
    const syncs = await listSyncs(sql, id);
    return {
      source: showSource(catalogue, visible, await sourceView(sql, row, syncer)),
      problems: showProblems(catalogue, visible, id, await listProblems(sql, id)),
      syncs: syncs.map(({ at, duration_ms, counts, error }) => ({
        at: at.toISOString(),
        durationMs: duration_ms,
        counts,
        ...(error === null ? {} : { error }),
      })),
    };
  });
}

async function sourceView(sql: Sql, row: SourceRow, syncer: Syncer): Promise<Source> {
  return viewOf(row, (await countEntities(sql, row.id)).get(row.id) ?? 0, syncer.isSyncing(row.id));
}

function makeDeleteSource({ syncer, catalogue }: Deps): Handler {
  return handle(deleteSource, async (ctx, { id }) => {
    const { removed, change } = await removeSource(ctx, await getSource(ctx.sql, id), catalogue.kinds);
    catalogue.feed.expect(change);
    syncer.forget(id);
    await syncer.scheduleConflicted(ctx, id);
    return { removedEntities: removed };
  });
}
