import { DEFAULT_LIMITS, limitSender, listSenders, type Sender } from "@roadbed/contracts/telemetry/senders";
import { encodeCursor, formatActor, handle, NotFoundError, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

interface SenderRow extends Record<string, unknown> {
  readonly id: string;
  readonly name: string;
  readonly first_seen: Date;
  readonly last_seen: Date;
  readonly requests: string;
  readonly rows: string;
  readonly bytes: string;
  readonly refused_requests: string;
  readonly refused_rows: string;
  readonly megabytes_per_minute: number | null;
  readonly rows_per_minute: string | null;
  readonly label_values: number | null;
  readonly changed_by: string | null;
  readonly changed_at: Date | null;
}

const Cursor = z.object({ at: z.string(), id: z.string() });
const MEGABYTE = 1024 * 1024;
/** Of one sender, the latest first. */
const MOST_SHOWN = 20;

/** Who sent last comes first. */
export function makeListSenders(): Handler {
  return handle(listSenders, async (ctx, { limit, cursor }) => {
    const after = readCursor(Cursor, cursor);
    const { rows } = await ctx.sql.query<SenderRow>(
      `select * from telemetry.sender where $1::timestamptz is null or (last_seen, id) < ($1, $2)
       order by last_seen desc, id desc limit $3`,
      [after?.at ?? null, after?.id ?? null, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: await withDetails(ctx.sql, page),
      ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor({ at: last.last_seen.toISOString(), id: last.id }) } : {}),
    };
  });
}

export function makeLimitSender(settle: () => Promise<void>): Handler {
  return handle(limitSender, async (ctx, { sender, megabytesPerMinute, rowsPerMinute, labelValues }) => {
    const { rows } = await ctx.sql.query<SenderRow>(
      `update telemetry.sender set megabytes_per_minute = $2, rows_per_minute = $3, label_values = $4, changed_by = $5, changed_at = $6
       where id = $1 returning *`,
      [sender, megabytesPerMinute ?? null, rowsPerMinute ?? null, labelValues ?? null, formatActor(ctx.actor), ctx.now()],
    );
    const [row] = rows;
    if (row === undefined) throw new NotFoundError("Sender", sender, "List them: roadbed sender list.");
    // It is committed a moment later; this server then knows at once rather than in ten seconds.
    setTimeout(() => void settle().catch(() => {}), 200).unref();
    return (await withDetails(ctx.sql, [row]))[0] as Sender;
  });
}

async function withDetails(sql: Sql, rows: readonly SenderRow[]): Promise<Sender[]> {
  const ids = rows.map(({ id }) => id);
  const refusals = await sql.query<{ sender: string; reason: string; requests: string; rows: string; last_at: Date }>(
    "select * from telemetry.sender_refusal where sender = any($1) order by last_at desc, kind",
    [ids],
  );
  const labels = await sql.query<{
    sender: string;
    metric: string;
    label: string;
    refused_rows: string;
    example: string;
    first_at: Date;
    last_at: Date;
  }>("select * from telemetry.sender_label where sender = any($1) order by last_at desc, metric, label", [ids]);
  return rows.map((row) => ({
    ...toSender(row),
    refusals: refusals.rows
      .filter(({ sender }) => sender === row.id)
      .slice(0, MOST_SHOWN)
      .map((each) => ({
        reason: each.reason,
        requests: Number(each.requests),
        rows: Number(each.rows),
        lastAt: each.last_at.toISOString(),
      })),
    labels: labels.rows
      .filter(({ sender }) => sender === row.id)
      .slice(0, MOST_SHOWN)
      .map((each) => ({
        metric: each.metric,
        label: each.label,
        refusedRows: Number(each.refused_rows),
        firstAt: each.first_at.toISOString(),
        lastAt: each.last_at.toISOString(),
        example: each.example,
      })),
  }));
}

function toSender(row: SenderRow): Omit<Sender, "refusals" | "labels"> {
  return {
    sender: row.id,
    name: row.name === "" ? row.id : row.name,
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
    requests: Number(row.requests),
    rows: Number(row.rows),
    megabytes: Math.round((Number(row.bytes) / MEGABYTE) * 100) / 100,
    refusedRequests: Number(row.refused_requests),
    refusedRows: Number(row.refused_rows),
    limits: {
      megabytesPerMinute: row.megabytes_per_minute ?? DEFAULT_LIMITS.megabytesPerMinute,
      rowsPerMinute: row.rows_per_minute === null ? DEFAULT_LIMITS.rowsPerMinute : Number(row.rows_per_minute),
      labelValues: row.label_values ?? DEFAULT_LIMITS.labelValues,
    },
    ownLimits: row.megabytes_per_minute !== null || row.rows_per_minute !== null || row.label_values !== null,
    ...(row.changed_by === null ? {} : { changedBy: row.changed_by }),
    ...(row.changed_at === null ? {} : { changedAt: row.changed_at.toISOString() }),
  };
}
