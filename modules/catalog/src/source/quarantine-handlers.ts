import { dismissQuarantine, listQuarantine, retryQuarantine } from "@roadbed/contracts/catalog/connections";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Viewer } from "../estate/visibility.ts";
import { seesObject } from "./show-source.ts";
import { getSource } from "./source-store.ts";
import type { Syncer } from "./syncer.ts";

type Item = {
  source_id: string;
  source_name: string;
  object: string;
  ref: string | null;
  location: string;
  reason: string;
  mend: string | null;
  why: "failed" | "kept";
  since: Date;
  has_entity: boolean;
};

export function makeQuarantineHandlers({
  syncer,
  catalogue,
}: {
  readonly syncer: Syncer;
  readonly catalogue: Catalogue;
}): readonly Handler[] {
  return [
    handle(listQuarantine, async (ctx, { sourceId, limit, cursor }) => {
      await catalogue.feed.fresh();
      const visible = await visibleTo(catalogue, ctx);
      const rows = await readItems(ctx.sql, sourceId, readCursor(Position, cursor), limit + 1);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const shown = page.filter(({ source_id, ref }) => visible.all || seesObject(catalogue, visible, { sourceId: source_id, ref }));
      return {
        items: shown.map(viewOf),
        ...(rows.length > limit && last ? { nextCursor: encodeCursor([last.source_id, last.object]) } : {}),
      };
    }),
    handle(retryQuarantine, async (ctx, { sourceId, object }) => {
      await assertThere(catalogue, ctx, sourceId, object);
      // As if nothing were remembered: what is unchanged for the system is what was wrong.
      const { source } = await syncer.trySync(ctx, await getSource(ctx.sql, sourceId), { fresh: true });
      const reason = await readReason(ctx.sql, sourceId, object);
      if (source.state === "failed" || source.state === "held")
        return { released: false, reason: source.last_error ?? "the run waits for a decision" };
      return reason === undefined ? { released: true } : { released: false, reason };
    }),
    handle(dismissQuarantine, async (ctx, { sourceId, object }) => {
      await assertThere(catalogue, ctx, sourceId, object);
      await ctx.sql.query("update catalog.quarantine set dismissed_at = $3 where source_id = $1 and object = $2", [
        sourceId,
        object,
        ctx.now(),
      ]);
      return { dismissed: true };
    }),
  ];
}

const Position = z.tuple([z.string(), z.string()]);

async function readItems(
  sql: Sql,
  sourceId: string | undefined,
  after: readonly [string, string] | undefined,
  limit: number,
): Promise<Item[]> {
  const { rows } = await sql.query<Item>(
    `select q.source_id, s.name as source_name, q.object, q.ref, q.location, q.reason, q.mend, q.why, q.since,
       exists (select 1 from catalog.entity e where e.ref = q.ref and e.source_id = q.source_id) as has_entity
     from catalog.quarantine q join catalog.source s on s.id = q.source_id
     where q.dismissed_at is null and ($1::text is null or q.source_id = $1) and (q.source_id, q.object) > ($2, $3)
     order by q.source_id, q.object limit $4`,
    [sourceId ?? null, after?.[0] ?? "", after?.[1] ?? "", limit],
  );
  return rows;
}

function viewOf(item: Item) {
  return {
    sourceId: item.source_id,
    sourceName: item.source_name,
    object: item.object,
    ...(item.ref === null ? {} : { ref: item.ref }),
    location: item.location,
    reason: item.reason,
    ...(item.mend === null ? {} : { mend: item.mend }),
    why: item.why,
    since: item.since.toISOString(),
    hasEntity: item.has_entity,
  };
}

async function readReason(sql: Sql, sourceId: string, object: string): Promise<string | undefined> {
  const { rows } = await sql.query<{ reason: string }>("select reason from catalog.quarantine where source_id = $1 and object = $2", [
    sourceId,
    object,
  ]);
  return rows[0]?.reason;
}

async function assertThere(catalogue: Catalogue, ctx: Viewer & { readonly sql: Sql }, sourceId: string, object: string): Promise<void> {
  const visible = await visibleTo(catalogue, ctx);
  const { rows } = await ctx.sql.query<{ ref: string | null }>("select ref from catalog.quarantine where source_id = $1 and object = $2", [
    sourceId,
    object,
  ]);
  if (rows[0] && (visible.all || seesObject(catalogue, visible, { sourceId, ref: rows[0].ref }))) return;
  throw new NotFoundError("quarantined object", object, "It may be well again: list the quarantine.");
}
