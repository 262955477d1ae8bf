import { listApiVersions } from "@roadbed/contracts/catalog/docs";
import { encodeCursor, handle, readCursor, type Handler, type OutputOf } from "@roadbed/core";
import { z } from "zod";

import { requireVisible } from "../entity/require-visible.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { listEarlier, readCurrent, type StoredVersion } from "./definition-store.ts";

export function makeListApiVersions(catalogue: Catalogue): Handler {
  return handle(listApiVersions, async (ctx, { ref, limit, cursor }) => {
    await requireVisible(catalogue, ctx, ref);
    const after = readCursor(z.string().regex(/^(?:current|\d{1,18})$/), cursor);
    const current = after === undefined ? [await readCurrent(ctx.sql, ref)] : [];
    const earlier = await listEarlier(ctx.sql, ref, after === "current" ? undefined : after, limit + 1 - current.length);
    const page = [...current, ...earlier].slice(0, limit);
    const more = current.length + earlier.length > limit;
    return { items: page.map(versionView), ...(more ? { nextCursor: encodeCursor(page.at(-1)!.id) } : {}) };
  });
}

/** As it is answered: without the definition, but with the version that it gives itself. */
export function versionView({ id, from, until, definition }: StoredVersion): OutputOf<typeof listApiVersions>["items"][number] {
  const version = versionIn(definition);
  return {
    id,
    ...(version === undefined ? {} : { version }),
    ...(from === undefined ? {} : { from: from.toISOString() }),
    ...(until === undefined ? {} : { until: until.toISOString() }),
  };
}

/** `info.version` by a look at the text: many versions are listed, and none of them is worth parsing for this. */
export function versionIn(definition: string): string | undefined {
  const [, found] = /"?\binfo"?\s*:[^]{0,2000}?"?\bversion"?\s*:\s*["']?([^"'\s,}]{1,50})/.exec(definition.slice(0, 20_000)) ?? [];
  return found;
}
