import {
  endMandate,
  keepRegister,
  listMandates,
  listTeamChanges,
  mandateRecorded,
  recordInvitation,
  recordMandate,
  recordTeamChange,
  teamFollowed,
  type Push,
} from "@roadbed/contracts/product/adoption";
import { encodeCursor, formatActor, handle, InvalidError, newId, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { ProductDeps } from "../deps.ts";
import { DAY_SQL, dayOf, dayOfText, textOfDay } from "./days.ts";
import { PUSH_COLUMNS, readCapabilities, readRegister, toPush } from "./stores.ts";

/** Nobody announces what lies further ahead. */
const MOST_AHEAD = 730;

/** Who was made to use what, or asked to, and how teams became others. */
export function makeRegisterHandlers({ things }: Pick<ProductDeps, "things">): Handler[] {
  const save = async (ctx: Ctx, push: Omit<Push, "id" | "by">): Promise<Push> => {
    const offered = (await readCapabilities(ctx.sql)).some(({ capability }) => capability.name === push.capability);
    if (!offered) throw new NotFoundError("capability", push.capability, "See roadbed capability list.");
    const seen = await things.seenBy(ctx);
    if (push.scope !== "*" && seen.get(push.scope)?.kind.toLowerCase() !== "group") {
      throw new NotFoundError("team", push.scope, "Name a team, or * for everybody.");
    }
    refuseFar(ctx, "announcedAt", push.at);
    if (push.enforcedAt !== undefined && push.enforcedAt < push.at) refuse("enforcedAt", "lies before it was announced");
    const { rows } = await ctx.sql.query(
      `insert into product.push (id, kind, capability, scope, at, enforced_at, why, decision, recorded_by, recorded_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning ${PUSH_COLUMNS}`,
      [
        newId(push.kind === "mandate" ? "man" : "inv", ctx.now().getTime()),
        push.kind,
        push.capability,
        push.scope,
        push.at,
        push.enforcedAt ?? null,
        push.why,
        push.decision ?? null,
        formatActor(ctx.actor),
        ctx.now(),
      ],
    );
    ctx.emit(mandateRecorded, push.capability, { capability: push.capability, kind: push.kind, scope: push.scope, at: push.at });
    return toPush(rows[0]!);
  };
  return [
    handle(recordMandate, (ctx, { announcedAt: at, ...push }) => save(ctx, withoutGaps({ kind: "mandate", at, ...push }))),
    handle(recordInvitation, (ctx, push) => save(ctx, { kind: "invitation", ...push })),
    handle(endMandate, async (ctx, { id, endedAt }) => {
      refuseFar(ctx, "endedAt", endedAt);
      const { rows: known } = await ctx.sql.query<{ day: number }>(
        `select ${DAY_SQL("at")} as day from product.push where id = $1 and kind = 'mandate' for update`,
        [id],
      );
      const [mandate] = known;
      if (mandate === undefined) throw new NotFoundError("mandate", id, "See roadbed mandate list.");
      if (dayOfText(endedAt) < mandate.day) refuse("endedAt", "lies before it was announced");
      const { rows } = await ctx.sql.query(`update product.push set ended_at = $2 where id = $1 returning ${PUSH_COLUMNS}`, [id, endedAt]);
      const push = toPush(rows[0]!);
      ctx.emit(mandateRecorded, push.capability, { capability: push.capability, kind: push.kind, scope: push.scope, at: push.at });
      return push;
    }),
    handle(listMandates, async (ctx, { capability, limit, cursor }) => {
      const place = readCursor(z.tuple([z.number(), z.string()]), cursor);
      const seen = await things.seenBy(ctx);
      const { rows } = await ctx.sql.query(
        `select ${PUSH_COLUMNS} from product.push where ($1::text is null or capability = $1) order by at desc, id desc`,
        [capability ?? null],
      );
      const all = rows.map((row) => toPush(row)).filter(({ scope }) => scope === "*" || seen.get(scope) !== undefined);
      const rest =
        place === undefined ? all : all.filter(({ at, id }) => dayOfText(at) < place[0] || (dayOfText(at) === place[0] && id < place[1]));
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      const register = await readRegister(ctx.sql);
      return {
        items,
        total: all.length,
        ...(rest.length > limit && last !== undefined ? { nextCursor: encodeCursor([dayOfText(last.at), last.id]) } : {}),
        ...(register === undefined ? {} : { register }),
      };
    }),
    handle(keepRegister, async (ctx, { completeSince, why }) => {
      if (dayOfText(completeSince) > dayOf(ctx.now())) refuse("completeSince", "lies in the future");
      const by = formatActor(ctx.actor);
      await ctx.sql.query(
        `insert into product.register (complete_since, why, said_by, said_at) values ($1, $2, $3, $4)
         on conflict (one) do update set complete_since = excluded.complete_since, why = excluded.why, said_by = excluded.said_by, said_at = excluded.said_at`,
        [completeSince, why, by, ctx.now()],
      );
      ctx.emit(mandateRecorded, "register", { capability: "*", kind: "register", scope: "*", at: completeSince });
      return { completeSince, why, by };
    }),
    handle(recordTeamChange, async (ctx, { from, to, at, why }) => {
      if (dayOfText(at) > dayOf(ctx.now())) refuse("at", "lies in the future: record it when it has happened");
      if (from.toSorted().join() === to.toSorted().join()) refuse("to", "is who it was before");
      const seen = await things.seenBy(ctx);
      // A team that is no more is not in the catalogue any longer; who goes on must be.
      for (const team of to) {
        if (seen.get(team)?.kind.toLowerCase() !== "group") throw new NotFoundError("team", team, "Who goes on must be in the catalogue.");
      }
      const user = from.find((team) => !team.startsWith("group:"));
      if (user !== undefined) refuse("from", `${user} is no team`);
      const id = newId("tch", ctx.now().getTime());
      await ctx.sql.query(
        "insert into product.team_change (id, before, after, at, why, recorded_by, recorded_at) values ($1, $2, $3, $4, $5, $6, $7)",
        [id, from, to, at, why, formatActor(ctx.actor), ctx.now()],
      );
      ctx.emit(teamFollowed, to[0]!, { from, to, at });
      return { id, from, to, at };
    }),
    handle(listTeamChanges, async (ctx, { limit, cursor }) => {
      const after = readCursor(z.number().int(), cursor) ?? 0;
      const { rows } = await ctx.sql.query<{
        id: string;
        before: string[];
        after: string[];
        day: number;
        why: string;
        recorded_by: string;
        total: number;
      }>(
        `select id, before, after, ${DAY_SQL("at")} as day, why, recorded_by, count(*) over ()::integer as total
         from product.team_change order by at desc, id desc offset $1 limit $2`,
        [after, limit],
      );
      const total = rows[0]?.total ?? 0;
      return {
        items: rows.map((row) => ({
          id: row.id,
          from: row.before,
          to: row.after,
          at: textOfDay(row.day),
          why: row.why,
          by: row.recorded_by,
        })),
        total,
        ...(after + limit < total ? { nextCursor: encodeCursor(after + limit) } : {}),
      };
    }),
  ];
}

function refuseFar(ctx: Ctx, field: string, day: string): void {
  if (dayOfText(day) > dayOf(ctx.now()) + MOST_AHEAD) refuse(field, "lies more than two years ahead");
}

function refuse(at: string, reason: string): never {
  throw new InvalidError(`${at} ${reason}.`, { problems: [{ at, reason }], mend: "Look at the days and names again." });
}

function withoutGaps<T extends object>(given: T): Omit<Push, "id" | "by"> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as unknown as Omit<Push, "id" | "by">;
}
