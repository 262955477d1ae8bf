import { getDocAsset } from "@roadbed/contracts/catalog/docs";
import { handle, NotFoundError, type Handler } from "@roadbed/core";

import { requireVisible } from "../entity/require-visible.ts";
import type { Catalogue } from "../estate/catalogue.ts";

export function makeGetDocAsset(catalogue: Catalogue): Handler {
  return handle(getDocAsset, async (ctx, { ref, path }) => {
    await requireVisible(catalogue, ctx, ref, "picture");
    const { rows } = await ctx.sql.query<{ type: string; base64: string }>(
      `select a.type, encode(a.bytes, 'base64') as base64 from catalog.entity e
       join catalog.doc_asset a on a.source_id = e.source_id and a.root = e.docs_root where e.ref = $1 and a.path = $2`,
      [ref, path],
    );
    const [found] = rows;
    if (!found) throw new NotFoundError("picture", `${path} of ${ref}`, "Only pictures that a page shows, of up to 1 MB, are kept.");
    return { type: found.type, base64: found.base64.replaceAll("\n", "") };
  });
}
