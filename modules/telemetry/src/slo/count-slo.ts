import type { ClickHouse } from "@roadbed/clickhouse";

import { sqlTime } from "../read/window.ts";
import { periodAt, type Span } from "./figures.ts";
import { indicatorSql, type IndicatorSql } from "./indicator-sql.ts";
import type { SloRow } from "./slo-store.ts";

const SLOT_MS = 600_000;
/** At most so much is counted at one go: a day, and ten of them at one look. */
const SLOTS_AT_ONCE = 144;
const GOES_PER_LOOK = 10;
/** What alerts look at is asked for at every look, so it is never older than this. */
const NEAR_MS = 6 * 3_600_000;
const MOST_SLOTS = 100_000;

type Counting = Pick<SloRow, "name" | "revision" | "sample" | "service" | "environment" | "indicator" | "period">;

interface Grown {
  /** Seconds. */
  readonly slot: number;
  readonly arrived: number;
}

/**
 * Counts again every ten minutes of the window in which more rows have come than when they were counted: what is new, what came late,
 * what was never counted. It asks the clock nothing, so one that jumps only moves the window. Answers how many are left for the next look.
 */
export async function countSlo(clickhouse: ClickHouse, slo: Counting, o: { readonly now: Date; readonly whole: boolean }): Promise<number> {
  const counted = { service: slo.service, environment: slo.environment ?? undefined, indicator: slo.indicator };
  const query = indicatorSql(counted);
  const span = reachOf(slo, o);
  const grown = await readGrown(clickhouse, slo, query, span);
  const goes = stretchesOf(grown);
  for (const slots of goes.slice(0, GOES_PER_LOOK)) await countStretch(clickhouse, slo, query, slots);
  return goes.slice(GOES_PER_LOOK).reduce((sum, slots) => sum + slots.length, 0);
}

function reachOf(slo: Counting, { now, whole }: { readonly now: Date; readonly whole: boolean }): Span {
  const { from } = periodAt(slo.period, now);
  // The minute that is still going on is counted, too: windows end before it.
  const to = new Date(Math.ceil((now.getTime() + 1) / SLOT_MS) * SLOT_MS);
  const near = new Date(now.getTime() - NEAR_MS);
  const begin = whole || from > near ? from : near;
  return { from: new Date(Math.floor(begin.getTime() / SLOT_MS) * SLOT_MS), to };
}

function readGrown(clickhouse: ClickHouse, slo: Counting, { sources }: IndicatorSql, span: Span): Promise<Grown[]> {
  return clickhouse.query<Grown>(GROWN, {
    params: { slo: slo.name, revision: slo.revision, service: slo.service, sources, from: sqlTime(span.from), to: sqlTime(span.to) },
    who: "telemetry.slo.count",
  });
}

const GROWN = `
  select toUnixTimestamp(a.slot) as slot, a.arrived as arrived
  from (
    select toStartOfInterval(minute, toIntervalMinute(10)) as slot, sum(requests) as arrived from red_minute
    where service = {service:String} and source in {sources:Array(String)}
      and minute >= {from:DateTime64(3, 'UTC')} and minute < {to:DateTime64(3, 'UTC')}
    group by slot
  ) as a
  left join (
    select slot, max(arrived) as most from slo_slot
    where slo = {slo:String} and revision = {revision:String} and slot >= {from:DateTime64(3, 'UTC')} and slot < {to:DateTime64(3, 'UTC')}
    group by slot
  ) as b on a.slot = b.slot
  where a.arrived > b.most
  order by slot desc
  limit ${MOST_SLOTS}`;

/** Neighbours together, the newest first: what is counted first is what people look at first. */
export function stretchesOf(grown: readonly Grown[]): readonly (readonly Grown[])[] {
  const stretches: Grown[][] = [];
  for (const one of grown) {
    const last = stretches.at(-1);
    const next = last?.at(-1);
    if (last !== undefined && next !== undefined && next.slot - one.slot === SLOT_MS / 1_000 && last.length < SLOTS_AT_ONCE) last.push(one);
    else stretches.push([one]);
  }
  return stretches;
}

/** The minutes first, then that they are counted: broken off between the two, they are counted once more. */
async function countStretch(clickhouse: ClickHouse, slo: Counting, query: IndicatorSql, slots: readonly Grown[]): Promise<void> {
  const [newest, oldest] = [slots[0], slots.at(-1)];
  if (newest === undefined || oldest === undefined) return;
  const span = { from: sqlTime(new Date(oldest.slot * 1_000)), to: sqlTime(new Date(newest.slot * 1_000 + SLOT_MS)) };
  const params = { ...query.params, ...span, slo: slo.name, revision: slo.revision, sample: slo.sample ? 1 : 0 };
  await clickhouse.command(
    `INSERT INTO slo_minute (slo, revision, sample, minute, good, total)
     select {slo:String}, {revision:String}, {sample:UInt8} = 1, minute, good, total from (${query.sql})`,
    { params, who: "telemetry.slo.count" },
  );
  await clickhouse.insertRows(
    "slo_slot",
    slots.map(({ slot, arrived }) => ({ slo: slo.name, revision: slo.revision, sample: slo.sample, slot, arrived })),
  );
}
