import { runUndone } from "@roadbed/contracts/paths/undo";
import type { Subscription } from "@roadbed/core";

/** What was taken back has ended, and what of it the ledger knew is gone. */
export const hearUndone: Subscription = {
  name: "paths.ledger-hears-undone",
  events: [runUndone.name],
  async receive(ctx, event) {
    const { runId } = runUndone.payload.parse(event.payload);
    await ctx.sql.query("update paths.lifetime set state = 'ended', ended_at = coalesce(ended_at, $2) where run_id = $1", [
      runId,
      ctx.now(),
    ]);
    await ctx.sql.query(
      `update paths.made m set gone_at = coalesce(gone_at, $2) where run_id = $1 and exists (select 1 from paths.run_undo u
         join paths.run_step s on s.run_id = u.run_id and s.n = u.n
         where u.run_id = $1 and u.state = 'done' and (m.key = u.run_id || ':' || s.id or m.key like u.run_id || ':' || s.id || ':%'))`,
      [runId, ctx.now()],
    );
  },
};
