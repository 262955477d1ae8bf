import type { Entity } from "@roadbed/contracts/catalog";
import type { Ctx } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { seesHistoryOf } from "../entity/entity-history.ts";
import { seesDocument } from "../estate/visibility.ts";
import { renamedTo } from "./renamed.ts";
import { readTombstone, restorableUntil, type TombstoneRow } from "./tombstone-store.ts";

/**
 * What to tell whoever asks for something that was removed, and what became of it; undefined when it was never there, and for those
 * who could not see it.
 */
export async function sayGone(catalogue: Catalogue, ctx: Ctx, ref: string): Promise<string | undefined> {
  const { sql } = ctx;
  const gone = await readTombstone(sql, ref);
  if (gone) {
    const isSeen = await seesDocument(catalogue, ctx, { entity: gone.document, sourceId: gone.sourceId });
    return isSeen ? sentenceOf(gone, await renamedTo(catalogue, ctx, gone)) : undefined;
  }
  const { rows } = await sql.query<{
    at: Date;
    actor: string;
    reason: string | null;
    change: string;
    before: Entity;
    source_id: string | null;
  }>("select at, actor, reason, change, before, source_id from catalog.history where ref = $1 order by id desc limit 1", [ref]);
  const [last] = rows;
  if (last?.change !== "removed" || !(await seesDocument(catalogue, ctx, { entity: last.before, sourceId: last.source_id ?? undefined }))) {
    return undefined;
  }
  return `${removed(last)} It went too long ago to be restored; its history is kept.`;
}

/** When something that was not there at an instant was there: the nearest moments before and after it. */
export async function sayWhen(catalogue: Catalogue, ctx: Ctx, ref: string, asOf: string): Promise<string> {
  if (!(await seesHistoryOf(catalogue, ctx, ref))) return NOTHING;
  const { rows } = await ctx.sql.query<{ went: Date | null; came: Date | null }>(
    `select (select max(at) from catalog.history where ref = $1 and at <= $2 and change = 'removed') as went,
       (select min(at) from catalog.history where ref = $1 and at > $2 and change = 'registered') as came`,
    [ref, asOf],
  );
  const { went, came } = rows[0]!;
  const parts = [went && `had been removed at ${went.toISOString()}`, came && `came at ${came.toISOString()}`].filter(Boolean);
  return parts.length > 0 ? `It ${parts.join(" and ")}.` : NOTHING;
}

const NOTHING = "Nothing is recorded of it.";

function sentenceOf(gone: TombstoneRow, becameRef: string | undefined): string {
  const renamed = becameRef === undefined ? "" : ` It was probably renamed: look at ${becameRef}.`;
  return `${removed(gone)}${renamed} Until ${dayOf(restorableUntil(gone))} it can be had back: \`roadbed entity restore ${gone.ref}\`.`;
}

function removed({ at, actor, reason }: { readonly at: Date; readonly actor: string; readonly reason: string | null }): string {
  return `It was removed at ${at.toISOString()} by ${actor}${reason === null ? "" : `: ${reason}`}.`;
}

function dayOf(instant: string): string {
  return instant.slice(0, 10);
}
