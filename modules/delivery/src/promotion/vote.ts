import { formatActor, type Ctx } from "@roadbed/core";

import type { PromotionRow } from "./promotion-store.ts";

/** Writes down what the caller says of a promotion; what they said before does not count any more. */
export async function voteOn(
  ctx: Ctx,
  { id }: Pick<PromotionRow, "id">,
  verdict: "granted" | "refused",
  role: string,
  reason: string | undefined,
): Promise<void> {
  const { actor } = ctx;
  const [account, name] = [actor.kind === "user" ? actor.id : formatActor(actor), "name" in actor ? actor.name : formatActor(actor)];
  await ctx.sql.query(
    `insert into delivery.promotion_vote (promotion_id, account, actor, name, verdict, role, reason, at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (promotion_id, account) do update set verdict = excluded.verdict, role = excluded.role, reason = excluded.reason, at = excluded.at`,
    [id, account, formatActor(actor), name, verdict, role, reason === "" ? null : (reason ?? null), ctx.now()],
  );
}
