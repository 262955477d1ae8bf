import type { Entity } from "@roadbed/contracts/catalog";
import { onCallAt, readOnCall } from "@roadbed/contracts/catalog/on-call";
import { listOnCall } from "@roadbed/contracts/catalog/ownership";
import { handle, type Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { isShown } from "../entity/get-entity.ts";
import { candidatesFor } from "./rotas.ts";

/** Who is called now for each of several things, by the same rotas as for one. What is not there is left out. */
export function makeListOnCall(catalogue: Catalogue): Handler {
  const { estate, feed } = catalogue;
  return handle(listOnCall, async (ctx, { refs }) => {
    await feed.fresh();
    const visible = await visibleTo(catalogue, ctx);
    const asked = [...new Set(refs)].filter((ref) => estate.get(ref) !== undefined && isShown(catalogue, visible, ref));
    const candidates = new Map(asked.map((ref) => [ref, candidatesFor(estate, ref, visible)]));
    const documents = await catalogue.readDocuments(ctx.sql, [...new Set([...candidates.values()].flat().map(({ ref }) => ref))]);
    const onDuty = (ref: string) => onCallAt(readOnCall((documents.get(ref) as Entity | undefined)?.spec?.["onCall"]), ctx.now());
    const items = asked.flatMap((ref) => {
      const found = candidates.get(ref)!.find((one) => onDuty(one.ref).length > 0);
      if (!found) return [];
      const now = onDuty(found.ref);
      const first = now.filter(({ level }) => level === now[0]!.level);
      return [{ ref, names: [...new Set(first.map(({ name }) => name))], from: found.ref, because: found.because }];
    });
    return { items };
  });
}
