import { getWaiver, listWaivers, reportWaivers } from "@roadbed/contracts/standards/waivers";
import { encodeCursor, formatActor, handle, NotFoundError, readCursor, z, type Ctx, type Handler, type Row } from "@roadbed/core";

import type { WaiverParts } from "./parts.ts";
import { findWaiver, toWaiver, type WaiverRow } from "./waiver-store.ts";

/** What the database calls approved and is over has expired, whether the sweep came by or not. */
const STATE = "case when state in ('approved', 'requested') and expires_at <= $1 then 'expired' else state end";

/** Lists, one, and the report. A waiver for an entity that one may not see is not there. */
export function makeWaiverReaders(parts: WaiverParts): Handler[] {
  const list = handle(listWaivers, async (ctx, { limit, cursor, state, policy, entity, team, mine = false }) => {
    if (mine && !mayDecide(ctx)) return { items: [] };
    const before = readCursor(z.string(), cursor);
    const { rows } = await ctx.sql.query<WaiverRow>(
      `select * from (select w.*, ${STATE} as shown from standards.waiver w) w
       where ($2::text is null or id < $2) and ($3::text is null or shown = $3) and ($4::text is null or policy = $4)
         and ($5::text is null or entity = $5) and ($6::text is null or team = $6)
         and ($8::text is null or (shown = 'requested' and requested_by <> $8))
       order by id desc limit $7`,
      [
        ctx.now(),
        before ?? null,
        state ?? null,
        policy ?? null,
        entity ?? null,
        team ?? null,
        limit + 1,
        mine ? formatActor(ctx.actor) : null,
      ],
    );
    const items = [];
    for (const row of rows.slice(0, limit))
      if (await sees(ctx, row.entity)) items.push(toWaiver({ ...row, state: row["shown"] as WaiverRow["state"] }));
    const last = rows[limit - 1];
    return { items, ...(last && rows.length > limit ? { nextCursor: encodeCursor(last.id) } : {}) };
  });

  const get = handle(getWaiver, async (ctx, { id }) => {
    const waiver = await findWaiver(ctx.sql, id);
    if (!waiver || !(await sees(ctx, waiver.entity ?? null))) throw new NotFoundError("waiver", id, "`roadbed waiver list` shows them.");
    const over = ["approved", "requested"].includes(waiver.state) && Date.parse(waiver.expiresAt) <= ctx.now().getTime();
    return over ? { ...waiver, state: "expired" as const } : waiver;
  });

  const report = handle(reportWaivers, async (ctx) => {
    const { rows } = await ctx.sql.query<CountRow>(
      `select policy,
         count(*) filter (where state = 'approved' and expires_at > $1)::int as approved,
         count(*) filter (where state = 'requested' and expires_at > $1)::int as requested,
         count(*) filter (where state = 'approved' and expires_at > $1 and expires_at <= $1::timestamptz + interval '14 days')::int as soon,
         count(*) filter (where state in ('approved', 'expired') and expires_at <= $1 and expires_at > $1::timestamptz - interval '90 days')::int as expired,
         count(*) filter (where state = 'revoked' and decided_at > $1::timestamptz - interval '90 days')::int as revoked,
         count(*) filter (where state = 'refused' and decided_at > $1::timestamptz - interval '90 days')::int as refused,
         count(*) filter (where rule is not null and state = 'approved' and expires_at > $1)::int as by_rule
       from standards.waiver group by policy order by policy`,
      [ctx.now()],
    );
    const sum = (field: keyof Omit<CountRow, "policy">): number => rows.reduce((total, row) => total + Number(row[field]), 0);
    return {
      inForce: sum("approved"),
      waiting: sum("requested"),
      expiringSoon: sum("soon"),
      expired: sum("expired"),
      revoked: sum("revoked"),
      refused: sum("refused"),
      byRule: sum("by_rule"),
      policies: rows
        .filter(({ approved, requested }) => approved + requested > 0)
        .map(({ policy, approved, requested, soon }) => ({ name: policy, approved, requested, expiringSoon: soon })),
    };
  });

  return [list, get, report];

  /** What is gone was seen by whoever could see it: its waiver stays in the list. */
  async function sees(ctx: Ctx, entity: string | null): Promise<boolean> {
    return entity === null || parts.entities === undefined || parts.entities.sees(ctx, entity);
  }
}

/** As the operations that approve and refuse ask for it. */
function mayDecide({ scopes }: Ctx): boolean {
  return scopes.has("*") || scopes.has("standards:admin");
}

interface CountRow extends Row {
  readonly policy: string;
  readonly approved: number;
  readonly requested: number;
  readonly soon: number;
  readonly expired: number;
  readonly revoked: number;
  readonly refused: number;
  readonly by_rule: number;
}
