import type { EmittedType, Sink } from "@roadbed/contracts/delivery/cdevents";
import type { Ctx, Sql } from "@roadbed/core";

import type { CdEvent } from "./cdevent.ts";

export interface SinkRow extends Record<string, unknown> {
  readonly id: string;
  readonly title: string;
  readonly target: string;
  readonly sealed: Buffer;
  readonly mode: Sink["mode"];
  readonly types: readonly string[];
  readonly made_by: string;
  readonly made_at: Date;
  readonly waiting: number;
  readonly last_sent_at: Date | null;
  readonly last_error: string | null;
}

/** It is not sent for longer than about a day. */
const ATTEMPTS = 12;

/** For everybody who is told of such. */
export async function queueFor(ctx: Ctx, type: EmittedType, event: CdEvent): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.sending (sink_id, event_id, event, due_at) select id, $1, $2, $3 from delivery.sink
     where cardinality(types) = 0 or $4 = any(types) on conflict do nothing`,
    [event.context.id, JSON.stringify(event), ctx.now(), type],
  );
}

export async function listSinkRows(sql: Sql, o: { readonly after?: string | undefined; readonly limit: number }): Promise<SinkRow[]> {
  const { rows } = await sql.query<SinkRow>(
    `select s.*, (select count(*)::int from delivery.sending e where e.sink_id = s.id) as waiting from delivery.sink s
     where ($1::text is null or id > $1) order by id limit $2`,
    [o.after ?? null, o.limit],
  );
  return rows;
}

export interface DueSending extends Record<string, unknown> {
  readonly sink_id: string;
  readonly event_id: string;
  readonly event: CdEvent;
  readonly attempts: number;
  readonly sealed: Buffer;
  readonly target: string;
  readonly mode: Sink["mode"];
}

/** Held until the transaction ends: whoever dies with it has sent or has not, and it is sent again with the same id. Of each sink in order. */
export async function takeDue(sql: Sql): Promise<DueSending | undefined> {
  const { rows } = await sql.query<DueSending>(
    `select e.*, s.sealed, s.target, s.mode from delivery.sending e join delivery.sink s on s.id = e.sink_id
     where e.due_at <= now() order by e.due_at, e.event_id limit 1 for update of e skip locked`,
  );
  return rows[0];
}

export async function settleSending(sql: Sql, { sink_id, event_id, attempts }: DueSending, error: string | undefined): Promise<void> {
  const here = [sink_id, event_id];
  if (error === undefined || attempts + 1 >= ATTEMPTS)
    await sql.query("delete from delivery.sending where sink_id = $1 and event_id = $2", here);
  else {
    // 10 s, 20 s, 40 s … to six hours.
    await sql.query(
      `update delivery.sending set attempts = attempts + 1, due_at = now() + least(power(2, attempts) * interval '10 seconds', interval '6 hours')
       where sink_id = $1 and event_id = $2`,
      here,
    );
  }
  const gaveUp = error !== undefined && attempts + 1 >= ATTEMPTS ? `${error} It was given up.` : error;
  // Whoever removes the sink holds it and waits for this sending: not waited for in turn, since what it says is going anyway.
  await sql.query(
    `update delivery.sink set last_sent_at = case when $2::text is null then now() else last_sent_at end, last_error = $2
     where id = (select id from delivery.sink where id = $1 for no key update skip locked)`,
    [sink_id, gaveUp ?? null],
  );
}

export function toSink(row: SinkRow): Sink {
  return {
    id: row.id,
    title: row.title,
    target: row.target,
    mode: row.mode,
    types: [...row.types],
    madeBy: row.made_by,
    madeAt: row.made_at.toISOString(),
    waiting: row.waiting,
    ...(row.last_sent_at === null ? {} : { lastSentAt: row.last_sent_at.toISOString() }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
  };
}
