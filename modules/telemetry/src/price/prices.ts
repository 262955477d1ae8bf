import { endPrice, findPrice, listPrices, setPrice } from "@roadbed/contracts/telemetry/ai";
import {
  ConflictError,
  encodeCursor,
  formatActor,
  handle,
  InvalidError,
  newId,
  NotFoundError,
  readCursor,
  type Handler,
  type Sql,
} from "@roadbed/core";
import { z } from "zod";

import { ownBook } from "../genai/own-prices.ts";
import { booksInTurn, type PriceBook } from "../genai/price-book.ts";
import { PUBLIC_BOOK, publicBook } from "../genai/public-book.ts";
import { readOwnPrices, toPrice, type PriceRow } from "./price-store.ts";

/** The prices that hold as a question is asked: the organisation's own, then the published ones. */
export async function bookOf(sql: Sql): Promise<PriceBook> {
  const own = await readOwnPrices(sql);
  return booksInTurn([ownBook(() => own), publicBook()]);
}

const Cursor = z.object({ model: z.string(), from: z.iso.datetime(), id: z.string() });

export function makeListPrices(): Handler {
  return handle(listPrices, async (ctx, { limit, cursor }) => {
    const after = readCursor(Cursor, cursor);
    const { rows } = await ctx.sql.query<PriceRow>(
      `select * from telemetry.price where $1::text is null or (model, valid_from, id) > ($1, $2, $3) order by model, valid_from, id limit $4`,
      [after?.model ?? null, after?.from ?? null, after?.id ?? null, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      book: PUBLIC_BOOK,
      items: page.map(toPrice),
      ...(rows.length > limit && last !== undefined
        ? { nextCursor: encodeCursor({ model: last.model, from: last.valid_from.toISOString(), id: last.id }) }
        : {}),
    };
  });
}

export function makeSetPrice(): Handler {
  return handle(setPrice, async (ctx, input) => {
    const now = ctx.now();
    const from = input.from === undefined ? now : new Date(input.from);
    const to = input.to === undefined ? null : new Date(input.to);
    if (to !== null && to <= from)
      throw new InvalidError("to: must be after from", { problems: [{ at: "to", reason: "must be after from" }] });
    const provider = input.provider ?? null;
    await ctx.sql.query("select pg_advisory_xact_lock(hashtext('telemetry.price ' || $1))", [input.model]);
    const { rows: same } = await ctx.sql.query<PriceRow>(
      `select * from telemetry.price where model = $1 and provider is not distinct from $2 and valid_from < coalesce($4, 'infinity'::timestamptz)
         and coalesce(valid_to, 'infinity') > $3`,
      [input.model, provider, from, to],
    );
    for (const other of same) await makeRoom(ctx.sql, other, from);
    const { rows } = await ctx.sql.query<PriceRow>(
      `insert into telemetry.price (id, provider, model, input, output, cache_read, cache_write, cache_write_hour, valid_from, valid_to, reason, changed_by, changed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning *`,
      [
        newId("price", now.getTime()),
        provider,
        input.model,
        input.input,
        input.output,
        input.cacheRead ?? null,
        input.cacheWrite ?? null,
        input.cacheWriteHour ?? null,
        from,
        to,
        input.reason ?? null,
        formatActor(ctx.actor),
        now,
      ],
    );
    return toPrice(rows[0] as PriceRow);
  });
}

/** A price that is open ends where the next begins; one that was said to hold there is in the way. */
async function makeRoom(sql: Sql, other: PriceRow, from: Date): Promise<void> {
  if (other.valid_to === null && other.valid_from < from) {
    await sql.query("update telemetry.price set valid_to = $2 where id = $1", [other.id, from]);
    return;
  }
  const until = other.valid_to === null ? "on" : `until ${other.valid_to.toISOString()}`;
  throw new ConflictError(`from: ${other.model} has a price from ${other.valid_from.toISOString()} ${until} already (${other.id}).`, {
    mend: `End that one first (roadbed price end ${other.id}), or say a time that it leaves free.`,
  });
}

export function makeEndPrice(): Handler {
  return handle(endPrice, async (ctx, { id, to }) => {
    const end = to === undefined ? ctx.now() : new Date(to);
    const { rows } = await ctx.sql.query<PriceRow>("select * from telemetry.price where id = $1 for update", [id]);
    const [row] = rows;
    if (row === undefined) throw new NotFoundError("price", id);
    if (end <= row.valid_from)
      throw new InvalidError(`to: must be after ${row.valid_from.toISOString()}, when the price begins`, {
        problems: [{ at: "to", reason: "is before the price begins" }],
      });
    const ended = await ctx.sql.query<PriceRow>(
      "update telemetry.price set valid_to = $2, changed_by = $3, changed_at = $4 where id = $1 returning *",
      [id, end, formatActor(ctx.actor), ctx.now()],
    );
    return toPrice(ended.rows[0] as PriceRow);
  });
}

export function makeFindPrice(): Handler {
  return handle(findPrice, async (ctx, input) => {
    const book = await bookOf(ctx.sql);
    const tokens = { cacheWrite: 0, cacheWriteHour: 0, reasoning: 0, inputAudio: 0, outputAudio: 0 };
    const rated = book.rate({
      provider: input.provider ?? "",
      models: [input.model],
      at: input.at === undefined ? ctx.now() : new Date(input.at),
      tokens: { ...tokens, input: input.inputTokens, output: input.outputTokens, cacheRead: input.cacheReadTokens },
      serviceTier: input.serviceTier ?? "",
    });
    if ("why" in rated) return { whyUnpriced: rated.why };
    return { cost: rated.cost, inputCost: rated.inputCost, outputCost: rated.outputCost, book: rated.book, price: rated.priceModel };
  });
}
