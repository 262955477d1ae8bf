import type { Entity } from "@roadbed/contracts/catalog";
import type { Ctx } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { seesDocument } from "../estate/visibility.ts";
import type { TombstoneRow } from "./tombstone-store.ts";

/** More entities than this in one change are a move of a whole estate: nobody looks for one that was renamed. */
const MOST_CANDIDATES = 200;

/**
 * What a removed entity was probably renamed to: something of the same kind that appeared in the very same change and is there now,
 * with the same content but for its name, or at the same place of the same file. Undefined when there is none, or more than one, and
 * for those who may not see it.
 */
export async function renamedTo(
  catalogue: Catalogue,
  ctx: Pick<Ctx, "sql" | "actor" | "scopes">,
  gone: TombstoneRow,
): Promise<string | undefined> {
  const { rows } = await ctx.sql.query<{ ref: string; document: Entity; source_id: string; location: string; line: number | null }>(
    `select e.ref, e.document, e.source_id, e.location, e.line from catalog.history h join catalog.entity e on e.ref = h.ref
     where h.number = $1 and h.change = 'registered' and split_part(h.ref, ':', 1) = split_part($2, ':', 1) limit ${MOST_CANDIDATES + 1}`,
    [gone.change, gone.ref],
  );
  if (rows.length > MOST_CANDIDATES) return undefined;
  const content = contentOf(gone.document);
  const same = rows.filter(({ document }) => contentOf(document) === content);
  const inPlace = rows.filter(({ location, line }) => location === gone.location && line === gone.line);
  const [one, ...more] = same.length > 0 ? same : inPlace;
  if (!one || more.length > 0) return undefined;
  return (await seesDocument(catalogue, ctx, { entity: one.document, sourceId: one.source_id })) ? one.ref : undefined;
}

/** A document without what a renaming changes. */
function contentOf({ metadata, ...rest }: Entity): string {
  const { name: _, namespace: __, title: ___, ...others } = metadata;
  return JSON.stringify({ ...rest, metadata: others });
}
