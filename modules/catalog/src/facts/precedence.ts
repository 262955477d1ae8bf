import { listPrecedence, setPrecedence } from "@roadbed/contracts/catalog/facts";
import { encodeCursor, formatActor, handle, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import { lockCatalog, nextChange } from "../entity/entity-store.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { requireDeclarable } from "./fact-access.ts";
import { remerge } from "./merge-entities.ts";
import { formatProperty } from "./property.ts";
import { refsOf } from "./store-claims.ts";

export function makePrecedenceHandlers(catalogue: Catalogue): readonly Handler[] {
  return [
    handle(listPrecedence, async ({ sql }, { limit, cursor }) => {
      const [kind, property] = readCursor(z.tuple([z.string(), z.string()]), cursor) ?? ["", ""];
      const { rows } = await sql.query<{ kind: string; property: string; sources: string[]; actor: string; at: Date }>(
        "select kind, property, sources, actor, at from catalog.precedence where (kind, property) > ($1, $2) order by kind, property limit $3",
        [kind, property, limit + 1],
      );
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(({ sources, at, ...rest }) => ({ ...rest, order: sources, at: at.toISOString() })),
        ...(rows.length > limit && last ? { nextCursor: encodeCursor([last.kind, last.property]) } : {}),
      };
    }),
    handle(setPrecedence, async (ctx, { kind, property: text, order }) => {
      const property = formatProperty(requireDeclarable(text));
      await lockCatalog(ctx.sql);
      if (order.length === 0) await ctx.sql.query("delete from catalog.precedence where kind = $1 and property = $2", [kind, property]);
      else {
        await ctx.sql.query(
          `insert into catalog.precedence (kind, property, sources, actor, at) values ($1, $2, $3, $4, $5)
           on conflict (kind, property) do update set sources = excluded.sources, actor = excluded.actor, at = excluded.at`,
          [kind, property, order, formatActor(ctx.actor), ctx.now()],
        );
      }
      let number: number | undefined;
      const takeNumber = async (): Promise<number> => (number ??= await nextChange(ctx.sql));
      const refs = await spokenOf(ctx.sql, kind);
      const { changed } = await remerge(ctx, refs, {
        reason: `whom to believe about ${property} was declared anew`,
        kinds: catalogue.kinds,
        takeNumber,
      });
      if (number !== undefined) catalogue.feed.expect(number);
      return { changed: changed.length };
    }),
  ];
}

/** Entities of a kind of which somebody besides their source says something: for all others no order matters. */
async function spokenOf(sql: Sql, kind: string): Promise<string[]> {
  const { rows: targets } = await sql.query<{ ref: string | null; annotation: string | null; annotation_value: string | null }>(
    `select distinct ref, annotation, annotation_value from catalog.claim union select ref, null, null from catalog.overlay`,
  );
  const refs = await refsOf(sql, targets);
  return kind === "*" ? refs : refs.filter((ref) => ref.startsWith(`${kind}:`));
}
