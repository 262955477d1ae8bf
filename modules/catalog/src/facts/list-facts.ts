import { listFacts, type Fact } from "@roadbed/contracts/catalog/facts";
import { encodeCursor, handle, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

import { isSame } from "../entity/diff-fields.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { readFact, requireEntity } from "./fact-access.ts";
import { formatProperty, parseProperty, valueAt } from "./property.ts";
import { answerView, readAnswers, readFacts } from "./read-facts.ts";

/** Rows of history that one property shows at most. */
const MAX_HISTORY = 50;

export function makeListFacts(catalogue: Catalogue): Handler {
  return handle(listFacts, async (ctx, { ref, property, limit, cursor }) => {
    const visible = await requireEntity(catalogue, ctx, ref);
    if (property !== undefined) {
      const path = parseProperty(property);
      const name = path ? formatProperty(path) : property;
      const fact = await readFact(catalogue, ctx, visible, ref, name);
      const answers = (await readAnswers(ctx.sql, ref, name, MAX_HISTORY)).map(answerView);
      return { items: [{ ...fact, history: await readHistory(ctx.sql, ref, name), answers }], total: 1 };
    }
    const after = readCursor(z.number().int().min(0), cursor) ?? 0;
    const { facts } = (await readFacts(ctx.sql, [ref], { now: ctx.now(), kinds: catalogue.kinds, seesSource: visible.seesSource })).get(
      ref,
    ) ?? { facts: [] };
    const items = facts.slice(after, after + limit);
    return {
      items: [...items],
      total: facts.length,
      ...(facts.length > after + limit ? { nextCursor: encodeCursor(after + limit) } : {}),
    };
  });
}

/** The earlier values of a property, newest first, read off the documents as they were before each change. */
async function readHistory(sql: Sql, ref: string, property: string): Promise<NonNullable<Fact["history"]>> {
  const path = parseProperty(property);
  if (!path) return [];
  const { rows } = await sql.query<{
    at: Date;
    change: string;
    source: string;
    actor: string;
    reason: string | null;
    before: unknown;
    document: unknown;
  }>(
    `select h.at, h.change, h.source, h.actor, h.reason, h.before, e.document
     from catalog.history h left join catalog.entity e on e.ref = h.ref
     where h.ref = $1 and (h.change <> 'changed' or exists (
       select 1 from json_array_elements_text(h.fields) f(field) where $2 = f.field or starts_with($2, f.field || '.') or starts_with(f.field, $2 || '.')))
     order by h.id desc limit 200`,
    [ref, property],
  );
  const history: NonNullable<Fact["history"]> = [];
  let after = valueAt(rows[0]?.document, path);
  for (const { at, source, actor, reason, before: document } of rows) {
    const before = valueAt(document, path);
    // A neighbour below the same field may have changed instead.
    if (!isSame(before, after) && history.length < MAX_HISTORY) {
      history.push({
        at: at.toISOString(),
        source,
        actor,
        ...(reason === null ? {} : { reason }),
        ...(before === undefined ? {} : { before }),
      });
    }
    after = before;
  }
  return history;
}
