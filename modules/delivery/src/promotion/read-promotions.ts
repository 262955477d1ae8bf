import { getPromotion, listHolds, listPromotions, type Promotion } from "@roadbed/contracts/delivery/promotions";
import { encodeCursor, ForbiddenError, handle, readCursor, type Ctx, type Handler, type OutputOf } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { approvalsOf, requireApprover } from "./approvals.ts";
import { listPromotionRows, readPromotion, toPromotion, type PromotionRow } from "./promotion-store.ts";

type Detail = OutputOf<typeof getPromotion>;
/** How many that wait are looked through for those that wait for one person. */
const LOOKED_THROUGH = 500;

export function makePromotionReaders(deps: DeliveryDeps): Handler[] {
  return [
    handle(listPromotions, async (ctx, { limit, cursor, entityRef, environment, state, open, mine }) => {
      const rows = await listPromotionRows(ctx.sql, {
        entityRef: entityRef?.toLowerCase(),
        environment,
        state: mine === true ? "waiting" : state,
        open: open === true,
        before: readCursor(z.string(), cursor),
        hidden: await hiddenFrom(deps, ctx),
        limit: mine === true ? LOOKED_THROUGH : limit + 1,
      });
      const shown = mine === true ? await forMe(deps, ctx, rows, limit) : rows.slice(0, limit);
      return {
        items: shown.map(toPromotion),
        ...(mine !== true && rows.length > limit ? { nextCursor: encodeCursor(shown.at(-1)?.id) } : {}),
      };
    }),
    handle(getPromotion, async (ctx, { id }) => showPromotion(deps, ctx, await readPromotion(ctx.sql, id, await hiddenFrom(deps, ctx)))),
    handle(listHolds, async (ctx, { limit, cursor, entityRef }) => {
      const [ref = "", environment = ""] = readCursor(z.tuple([z.string(), z.string()]), cursor) ?? [];
      const { rows } = await ctx.sql.query<{ entity_ref: string; environment: string; why: string; held_by: string; at: Date }>(
        `select * from delivery.hold where ($1::text is null or entity_ref = $1) and (entity_ref, environment) > ($2, $3)
         and entity_ref <> all($4::text[]) order by entity_ref, environment limit $5`,
        [entityRef?.toLowerCase() ?? null, ref, environment, await hiddenFrom(deps, ctx), limit + 1],
      );
      const items = rows.slice(0, limit).map((row) => ({
        entityRef: row.entity_ref,
        environment: row.environment,
        why: row.why,
        by: row.held_by,
        at: row.at.toISOString(),
      }));
      const last = items.at(-1);
      return { items, ...(rows.length > limit && last ? { nextCursor: encodeCursor([last.entityRef, last.environment]) } : {}) };
    }),
  ];
}

/** A promotion with who may approve it as the graph stands now, and whether the caller does. */
export async function showPromotion(deps: DeliveryDeps, ctx: Ctx, row: PromotionRow): Promise<Detail> {
  const environment = await findEnvironment(ctx.sql, row.environment);
  const said = environment === undefined ? { approvals: [], votes: [] } : await approvalsOf(deps, ctx, environment, row);
  return {
    ...toPromotion(row),
    ...said,
    ...(await mayApprove(deps, ctx, row)),
    ...(row.looked_at === null ? {} : { lookedAt: row.looked_at.toISOString() }),
  };
}

export async function hiddenFrom({ entities }: DeliveryDeps, ctx: Ctx): Promise<readonly string[]> {
  return (await entities.hiddenFrom?.(ctx)) ?? [];
}

async function mayApprove(
  deps: DeliveryDeps,
  ctx: Ctx,
  row: PromotionRow,
): Promise<Pick<Promotion & Detail, "mayApprove"> & { whyNot?: string }> {
  const environment = await findEnvironment(ctx.sql, row.environment);
  if (row.state !== "waiting" || environment === undefined) return { mayApprove: false, whyNot: "It does not wait any more." };
  if (environment.approvals.length === 0) return { mayApprove: false, whyNot: `${environment.title} asks for nobody's approval.` };
  try {
    await requireApprover(deps, ctx, environment, row);
    return { mayApprove: true };
  } catch (error) {
    if (error instanceof ForbiddenError) return { mayApprove: false, whyNot: error.message };
    throw error;
  }
}

/** Those whose approvals are still open and that the caller may give, and has not given. */
async function forMe(deps: DeliveryDeps, ctx: Ctx, rows: readonly PromotionRow[], limit: number): Promise<PromotionRow[]> {
  const mine: PromotionRow[] = [];
  for (const row of rows) {
    if (mine.length === limit) break;
    const gate = row.gates.find(({ name }) => name === "approvals");
    if (gate === undefined || gate.verdict === "passed" || gate.overridden !== undefined) continue;
    const account = ctx.actor.kind === "user" ? ctx.actor.id : "";
    const { rowCount } = await ctx.sql.query("select 1 from delivery.promotion_vote where promotion_id = $1 and account = $2", [
      row.id,
      account,
    ]);
    if (rowCount === 0 && (await mayApprove(deps, ctx, row)).mayApprove) mine.push(row);
  }
  return mine;
}
