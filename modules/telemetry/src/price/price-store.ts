import type { ModelPrice } from "@roadbed/contracts/telemetry/ai";
import type { Sql } from "@roadbed/core";

import type { OwnPrice } from "../genai/own-prices.ts";

/** A row of `telemetry.price`; numbers of Postgres come as text. */
export interface PriceRow extends Record<string, unknown> {
  readonly id: string;
  readonly provider: string | null;
  readonly model: string;
  readonly input: string;
  readonly output: string;
  readonly cache_read: string | null;
  readonly cache_write: string | null;
  readonly cache_write_hour: string | null;
  readonly valid_from: Date;
  readonly valid_to: Date | null;
  readonly reason: string | null;
  readonly changed_by: string;
  readonly changed_at: Date;
}

const MOST = 10_000;

/** All prices, for the book. */
export async function readOwnPrices(sql: Sql): Promise<OwnPrice[]> {
  const { rows } = await sql.query<PriceRow>("select * from telemetry.price order by valid_from desc limit $1", [MOST]);
  return rows.map((row) => ({
    id: row.id,
    provider: row.provider ?? "",
    model: row.model,
    input: Number(row.input),
    output: Number(row.output),
    cacheRead: numberOf(row.cache_read),
    cacheWrite: numberOf(row.cache_write),
    cacheWriteHour: numberOf(row.cache_write_hour),
    from: row.valid_from,
    to: row.valid_to ?? undefined,
  }));
}

export function toPrice(row: PriceRow): ModelPrice {
  const [cacheRead, cacheWrite, cacheWriteHour] = [numberOf(row.cache_read), numberOf(row.cache_write), numberOf(row.cache_write_hour)];
  return {
    id: row.id,
    ...(row.provider === null ? {} : { provider: row.provider }),
    model: row.model,
    input: Number(row.input),
    output: Number(row.output),
    ...(cacheRead === undefined ? {} : { cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
    ...(cacheWriteHour === undefined ? {} : { cacheWriteHour }),
    from: row.valid_from.toISOString(),
    ...(row.valid_to === null ? {} : { to: row.valid_to.toISOString() }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    changedBy: row.changed_by,
    changedAt: row.changed_at.toISOString(),
  };
}

function numberOf(text: string | null): number | undefined {
  return text === null ? undefined : Number(text);
}
