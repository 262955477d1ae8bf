import {
  deleteSource,
  getSource as getSourceOperation,
  importSource,
  listSources as listSourcesOperation,
  syncSource,
} from "@roadbed/contracts/catalog";
import { encodeCursor, handle, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { mayDefineKinds } from "./allow-kinds.ts";
import { branchOf, nameOf, readTarget } from "./git-address.ts";
import { readHold } from "./hold-store.ts";
import { hookPathOf } from "./hook-path.ts";
import { removeSource } from "./remove-source.ts";
import { makeRestrictSource } from "./restrict-source.ts";
import { showHold, showProblems, showSource, visibleSource } from "./show-source.ts";
import type { SourceSecrets } from "./source-secrets.ts";
import { changeSource, countEntities, countQuarantined, ensureSource, getSource, listSources, viewOf, viewSource } from "./source-store.ts";
import { listProblems, listSyncs } from "./sync-store.ts";
import type { Synced, Syncer } from "./syncer.ts";

interface Deps {
  readonly syncer: Syncer;
  readonly catalogue: Catalogue;
  readonly secrets: SourceSecrets;
}

export function makeSourceHandlers(deps: Deps): readonly Handler[] {
  return [
    makeImportSource(deps),
    makeListSources(deps),
    makeGetSource(deps),
    makeSyncSource(deps),
    makeDeleteSource(deps),
    makeRestrictSource(deps.catalogue.feed),
  ];
}

function makeImportSource({ syncer, catalogue, secrets }: Deps): Handler {
  return handle(importSource, async (ctx, { target: text, name, watch, branch }) => {
    const target = readTarget(text);
    // Before the catalogue is locked: who holds the lock asks for no other connection.
    const visible = await visibleTo(catalogue, ctx);
    const found = await ensureSource(
      ctx.sql,
      {
        kind: target.kind,
        target: target.target,
        name: name ?? nameOf(target.target),
        branch: branch ?? branchOf(target),
        watch,
        definesKinds: mayDefineKinds(ctx),
      },
      ctx.now(),
    );
    const address = target.kind === "git" && target.address !== target.target ? target.address : undefined;
    // An address that is given without credentials leaves those that are kept as they are.
    const source =
      address === undefined ? found : await changeSource(ctx.sql, found.id, { secrets: await secrets.seal(found.id, { address }) });
    return answerOf(catalogue, visible, ctx, await syncer.sync(ctx, source));
  });
}

function makeSyncSource({ syncer, catalogue }: Deps): Handler {
  return handle(syncSource, async (ctx, { id }) => {
    const visible = await visibleSource(catalogue, ctx, id);
    return answerOf(catalogue, visible, ctx, await syncer.trySync(ctx, await getSource(ctx.sql, id)));
  });
}

/** What a run answers to whoever asked for it. */
export async function answerOf(
  catalogue: Catalogue,
  visible: Visibility,
  ctx: Ctx,
  { source, counts, problems, durationMs }: Pick<Synced, "source" | "counts" | "problems" | "durationMs">,
) {
  return {
    source: await viewSource(ctx.sql, source, false),
    counts,
    problems: showProblems(catalogue, visible, source.id, problems),
    durationMs,
  };
}

function makeListSources({ syncer, catalogue }: Deps): Handler {
  return handle(listSourcesOperation, async (ctx, { limit, cursor }) => {
    const { sql } = ctx;
    const after = readCursor(z.string(), cursor) ?? "";
    await catalogue.feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const rows = await listSources(sql, after, limit + 1, catalogue.estate.restrictions.sourcesHiddenFrom(visible.seesSource));
    const [entities, quarantined] = [await countEntities(sql), await countQuarantined(sql)];
    const page = rows.slice(0, limit);
    return {
      items: page.map((row) => {
        const figures = {
          entities: entities.get(row.id) ?? 0,
          quarantined: quarantined.get(row.id) ?? 0,
          syncing: syncer.isSyncing(row.id),
        };
        return showSource(catalogue, visible, viewOf(row, figures));
      }),
      ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}),
    };
  });
}

function makeGetSource({ syncer, catalogue, secrets }: Deps): Handler {
  return handle(getSourceOperation, async (ctx, { id }) => {
    const { sql } = ctx;
    await catalogue.feed.fresh();
    const visible = await visibleSource(catalogue, ctx, id);
    const row = await getSource(sql, id);
    const held = await readHold(sql, id);
    // With another key their names cannot be read either: the page is there all the same.
    const sealed = row.kind === "connector" ? await secrets.read(row).catch(() => ({})) : {};
    return {
      source: showSource(catalogue, visible, await viewSource(sql, row, syncer.isSyncing(id))),
      problems: showProblems(catalogue, visible, id, await listProblems(sql, id)),
      syncs: await listSyncs(sql, id, 20),
      ...(held ? { hold: showHold(catalogue, visible, held.hold) } : {}),
      settings: row.settings,
      secretsSet: Object.keys(sealed).sort(),
      hookPath: hookPathOf(id),
      hookReady: row.hook_secret !== null,
    };
  });
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
