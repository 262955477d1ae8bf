import { listCaptures, setCapture, type Capture } from "@roadbed/contracts/telemetry/ai";
import { encodeCursor, formatActor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { ObjectiveDeps } from "../deps.ts";

interface CaptureRow extends Record<string, unknown> {
  readonly team: string;
  readonly captures: boolean;
  readonly reason: string | null;
  readonly changed_by: string;
  readonly changed_at: Date;
}

/** Services of a team, as far as they are known to the intake. */
export type ServicesOf = (team: string) => readonly string[];

const Cursor = z.object({ team: z.string() });

export function makeListCaptures(servicesOf: ServicesOf): Handler {
  return handle(listCaptures, async (ctx, { limit, cursor }) => {
    const after = readCursor(Cursor, cursor);
    const { rows } = await ctx.sql.query<CaptureRow>(
      "select * from telemetry.capture where $1::text is null or team > $1 order by team limit $2",
      [after?.team ?? null, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((row) => toCapture(row, servicesOf)),
      ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor({ team: last.team }) } : {}),
    };
  });
}

/** Only somebody of the team, or an administrator, lets its content be kept. */
export function makeSetCapture({ may }: Pick<ObjectiveDeps, "may">, servicesOf: ServicesOf): Handler {
  return handle(setCapture, async (ctx, { team, captures, reason }) => {
    await may?.(ctx, setCapture, { kind: "entity", id: team });
    const { rows } = await ctx.sql.query<CaptureRow>(
      `insert into telemetry.capture (team, captures, reason, changed_by, changed_at) values ($1, $2, $3, $4, $5)
       on conflict (team) do update set captures = $2, reason = $3, changed_by = $4, changed_at = $5 returning *`,
      [team, captures, reason ?? null, formatActor(ctx.actor), ctx.now()],
    );
    return toCapture(rows[0] as CaptureRow, servicesOf);
  });
}

function toCapture(row: CaptureRow, servicesOf: ServicesOf): Capture {
  return {
    team: row.team,
    captures: row.captures,
    services: row.captures ? [...servicesOf(row.team)] : [],
    ...(row.reason === null ? {} : { reason: row.reason }),
    changedBy: row.changed_by,
    changedAt: row.changed_at.toISOString(),
  };
}
