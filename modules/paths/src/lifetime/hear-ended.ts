import { runFinished } from "@roadbed/contracts/paths";
import type { Subscription } from "@roadbed/core";

/** The run that was to end something has ended itself: then it is gone, or it is said why not. A retry that succeeds counts. */
export const hearEnded: Subscription = {
  name: "paths.lifetimes-hear-runs",
  events: [runFinished.name],
  async receive(ctx, event) {
    const { runId, status } = runFinished.payload.parse(event.payload);
    const ended = status === "succeeded";
    await ctx.sql.query(
      `update paths.lifetime set state = case when $2 then 'ended' else state end, ended_at = case when $2 then $3 else ended_at end,
         end_error = case when $2 then null else $4 end where end_run_id = $1 and state = 'ending'`,
      [runId, ended, ctx.now(), `The run ${runId} that was to end it has ${status}.`],
    );
  },
};
