import { showOwnUsage, tellUsage, usageTold } from "@roadbed/contracts/product/adoption";
import { formatActor, handle, type Handler } from "@roadbed/core";

import type { ProductDeps } from "../deps.ts";
import { WINDOW } from "./adoption.ts";
import { dayOf, dayOfText, textOfDay } from "./days.ts";

const EARLIEST = "2000-01-01";

/** What is used elsewhere, and what is stored about somebody. */
export function makeUsageHandlers({ things, teams, people }: Pick<ProductDeps, "things" | "teams" | "people">): Handler[] {
  return [
    handle(tellUsage, async (ctx, { source, rows, sample }) => {
      const seen = await things.seenBy(ctx);
      const today = dayOf(ctx.now());
      const skipped: { key: string; reason: string }[] = [];
      let taken = 0;
      for (const { key, team, action, day, events, automated, outcome } of rows) {
        const reason =
          seen.get(team)?.kind.toLowerCase() !== "group"
            ? `there is no team ${team}`
            : dayOfText(day) > today
              ? "day lies in the future"
              : day < EARLIEST
                ? "day lies before the year 2000"
                : undefined;
        if (reason !== undefined) {
          skipped.push({ key, reason });
          continue;
        }
        await ctx.sql.query(
          `insert into product.usage (day, team, action, face, source, key, automated, outcome, events, sample)
           values ($1, $2, $3, 'told', $4, $5, $6, $7, $8, $9)
           on conflict (source, key) where key <> '' do update set day = excluded.day, team = excluded.team, action = excluded.action,
             automated = excluded.automated, outcome = excluded.outcome, events = excluded.events`,
          [day, team, action, source, key, automated, outcome, events, sample],
        );
        taken++;
      }
      if (taken > 0) ctx.emit(usageTold, source, { source, taken });
      return { taken, skipped };
    }),
    handle(showOwnUsage, async (ctx) => {
      const own = await teams.of(ctx.actor);
      const seen = await things.seenBy(ctx);
      const [{ rows: used }, { rows: columns }, named] = await Promise.all([
        ctx.sql.query<{ team: string; events: number }>(
          "select team, sum(events)::integer as events from product.usage where team = any($1) and day > $2::date group by team",
          [own, textOfDay(dayOf(ctx.now()) - WINDOW)],
        ),
        ctx.sql.query<{ column_name: string }>(
          "select column_name from information_schema.columns where table_schema = 'product' and table_name = 'usage' order by ordinal_position",
        ),
        people.storedAbout(ctx),
      ]);
      return {
        you: formatActor(ctx.actor),
        teams: own.map((team) => ({
          team,
          title: seen.get(team)?.title ?? team,
          events: used.find((one) => one.team === team)?.events ?? 0,
        })),
        figures: columns.map((column) => column.column_name),
        named: [...named],
      };
    }),
  ];
}
