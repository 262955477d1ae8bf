import { getFleet, type FleetCell, type FleetRow } from "@roadbed/contracts/delivery/fleet";
import { encodeCursor, handle, readCursor, type Ctx, type Handler, type OutputOf } from "@roadbed/core";
import { z } from "zod";

import { freezesAt } from "../calendar/freeze-store.ts";
import type { DeliveryDeps } from "../deps.ts";
import { listEnvironmentRecords, type EnvironmentRecord } from "../environment/environment-store.ts";
import { readPromotions, type PromotionRow } from "../promotion/promotion-store.ts";

type Fleet = OutputOf<typeof getFleet>;

/** How long something may wait until it counts as stuck, whatever it waits for. */
const STUCK_MS = 60 * 60_000;
/** More components than that are looked through page by page. */
const MOST = 5_000;

interface DesiredRow extends Record<string, unknown> {
  readonly entity_ref: string;
  readonly environment: string;
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly since: Date;
  readonly health: string | null;
}

/** Everything against every environment. */
export function makeGetFleet(deps: DeliveryDeps): Handler {
  return handle(getFleet, async (ctx, { limit, cursor, q, only }) => {
    const hidden = (await deps.entities.hiddenFrom?.(ctx)) ?? [];
    const environments = (await listEnvironmentRecords(ctx.sql)).filter(({ expiresAt }) => expiresAt === undefined);
    const rows = await rowsOf(ctx, environments, hidden, q);
    const after = readCursor(z.string(), cursor) ?? "";
    const wanted = rows.filter((row) => fits(row, only, ctx.now()));
    const page = wanted.filter(({ entityRef }) => entityRef > after);
    const items = page.slice(0, limit);
    const leads = await leadTimes(ctx, hidden);
    return {
      environments: await Promise.all(
        environments.map(async ({ name, title, upstream, automatic }) => {
          const [frozen] = await freezesAt(ctx.sql, name, ctx.now());
          const cells = rows.flatMap((row) => row.cells.filter((cell) => cell.environment === name));
          const lead = leads.get(name);
          return {
            name,
            title,
            upstream: [...upstream],
            automatic,
            ...(frozen === undefined ? {} : { frozen: frozen.freeze.title }),
            components: cells.filter(({ release }) => release !== undefined).length,
            waiting: cells.filter(({ underWay }) => underWay?.state === "waiting").length,
            ...(lead === undefined ? {} : { leadSeconds: lead }),
          };
        }),
      ),
      items,
      ...(page.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.entityRef) } : {}),
      counts: {
        components: rows.length,
        behind: rows.filter((row) => fits(row, "behind", ctx.now())).length,
        stuck: rows.filter((row) => fits(row, "stuck", ctx.now())).length,
        ahead: rows.filter((row) => fits(row, "ahead", ctx.now())).length,
        held: rows.filter((row) => fits(row, "held", ctx.now())).length,
      },
    };
  });
}

function fits({ cells, ahead }: FleetRow, only: "behind" | "stuck" | "ahead" | "held" | undefined, now: Date): boolean {
  if (only === "behind") return cells.some(({ behind, release }) => release !== undefined && behind > 0);
  if (only === "stuck") return cells.some((cell) => isStuck(cell, now));
  if (only === "ahead") return ahead.length > 0;
  if (only === "held") return cells.some(({ held }) => held !== undefined);
  return true;
}

function isStuck({ underWay }: FleetCell, now: Date): boolean {
  if (underWay === undefined) return false;
  return underWay.state === "held" || now.getTime() - new Date(underWay.since).getTime() > STUCK_MS;
}

async function rowsOf(
  ctx: Ctx,
  environments: readonly EnvironmentRecord[],
  hidden: readonly string[],
  q: string | undefined,
): Promise<FleetRow[]> {
  const { rows: components } = await ctx.sql.query<{ entity_ref: string; id: string; number: number; created_at: Date }>(
    `select distinct on (entity_ref) entity_ref, id, number, created_at from delivery.release
     where entity_ref <> all($1::text[]) and ($2::text is null or entity_ref like '%' || replace(replace($2, '%', ''), '_', '\\_') || '%')
     order by entity_ref, number desc limit ${MOST}`,
    [hidden, q?.toLowerCase() ?? null],
  );
  const { rows: desired } = await ctx.sql.query<DesiredRow>(
    `select d.entity_ref, d.environment, r.id, r.number, r.title, d.since, w.health from delivery.desired d
     join delivery.release r on r.id = d.release_id left join delivery.workload w on w.entity_ref = d.entity_ref and w.environment = d.environment`,
  );
  const open = await readPromotions(ctx.sql, "p.ended_at is null order by p.id", []);
  const { rows: holds } = await ctx.sql.query<{ entity_ref: string; environment: string; why: string; held_by: string; at: Date }>(
    "select * from delivery.hold",
  );
  const key = (row: { entity_ref: string; environment: string }): string => `${row.entity_ref} ${row.environment}`;
  const [has, moves, held] = [
    new Map(desired.map((row) => [key(row), row])),
    new Map(open.map((row) => [key(row), row])),
    new Map(holds.map((row) => [key(row), row])),
  ];
  return components.map(({ entity_ref, id, number, created_at }) => {
    const cells = environments.map(({ name }): FleetCell => {
      const at = `${entity_ref} ${name}`;
      const [there, moving, hold] = [has.get(at), moves.get(at), held.get(at)];
      return {
        environment: name,
        behind: number - (there?.number ?? 0),
        ...(there === undefined
          ? {}
          : {
              release: { id: there.id, number: there.number, title: there.title },
              since: there.since.toISOString(),
              ...(there.health === null ? {} : { health: there.health }),
            }),
        ...(moving === undefined ? {} : { underWay: underWayOf(moving) }),
        ...(hold === undefined
          ? {}
          : { held: { entityRef: entity_ref, environment: name, why: hold.why, by: hold.held_by, at: hold.at.toISOString() } }),
      };
    });
    return {
      entityRef: entity_ref,
      newest: { id, number, createdAt: created_at.toISOString() },
      cells,
      ahead: environments.filter((environment) => isAhead(environment, cells)).map(({ name }) => name),
    };
  });
}

/** It has something newer than every environment from which releases come to it. */
function isAhead({ name, upstream }: EnvironmentRecord, cells: readonly FleetCell[]): boolean {
  const numberIn = (environment: string): number => cells.find((cell) => cell.environment === environment)?.release?.number ?? 0;
  return upstream.length > 0 && numberIn(name) > Math.max(...upstream.map(numberIn));
}

function underWayOf({ id, number, state, gates, created_at }: PromotionRow): NonNullable<FleetCell["underWay"]> {
  const open = gates.filter(({ verdict, overridden }) => verdict !== "passed" && overridden === undefined);
  const why = state === "waiting" ? open.map((gate) => gate.why).join(" ") || "Its gates are being looked at." : `It is ${state}.`;
  return { promotionId: id, number, state, why, since: created_at.toISOString() };
}

/** From the making of a release until it was there. */
async function leadTimes(
  ctx: Ctx,
  hidden: readonly string[],
): Promise<ReadonlyMap<string, NonNullable<Fleet["environments"][number]["leadSeconds"]>>> {
  const { rows } = await ctx.sql.query<{ environment: string; median: number; p90: number; promotions: number }>(
    `select p.environment, percentile_cont(0.5) within group (order by extract(epoch from p.ended_at - r.created_at))::float8 as median,
       percentile_cont(0.9) within group (order by extract(epoch from p.ended_at - r.created_at))::float8 as p90, count(*)::int as promotions
     from delivery.promotion p join delivery.release r on r.id = p.release_id
     where p.state = 'promoted' and p.kind = 'promote' and p.ended_at > $1 and p.entity_ref <> all($2::text[]) group by p.environment`,
    [new Date(ctx.now().getTime() - 30 * 86_400_000), hidden],
  );
  return new Map(rows.map(({ environment, median, p90, promotions }) => [environment, { median, p90, promotions }]));
}
