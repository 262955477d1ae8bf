import { entityRemoved } from "@roadbed/contracts/catalog";
import { waiverChanged, waiverEnding } from "@roadbed/contracts/standards/waivers";
import { defineOperation, z, type Call, type Ctx, type Logger, type Runtime, type Subscription } from "@roadbed/core";

import { forgetInputs, KEPT_DAYS } from "../decision/input-store.ts";
import { tellOf } from "./request-waiver.ts";
import { toWaiver, updateState, type WaiverRow } from "./waiver-store.ts";

/** Days before the end at which whoever answers for it is reminded. */
const REMINDERS = [1, 7] as const;
const EVERY_MS = 10 * 60_000;

/** The sweep's own act, named for the audit log; no face offers it. */
const sweep = defineOperation({
  name: "standards.waiver.sweep",
  summary: "End waivers whose day is over, remind of those that end soon, and forget inputs of decisions that are over.",
  scope: "standards:admin",
  risk: "low",
  http: { method: "POST", path: "/api/v1/waivers/sweep" },
  input: z.object({}),
  output: z.object({ expired: z.number(), reminded: z.number(), forgotten: z.number() }),
});

/** What is over is noted as over, and its owner is told beforehand; any number of servers may do it. */
export async function sweepWaivers(ctx: Ctx): Promise<{ expired: number; reminded: number }> {
  const now = ctx.now();
  const { rows: over } = await ctx.sql.query<WaiverRow>(
    `update standards.waiver set state = 'expired'
     where id in (select id from standards.waiver where state in ('approved', 'requested') and expires_at <= $1 limit 500 for update skip locked)
     returning *`,
    [now],
  );
  for (const row of over) ctx.emit(waiverChanged, row.entity ?? row.id, tellOf(toWaiver(row)));
  let reminded = 0;
  for (const days of REMINDERS) {
    const { rows } = await ctx.sql.query<WaiverRow>(
      `update standards.waiver set reminded = $2
       where id in (select id from standards.waiver where state = 'approved' and expires_at > $1
         and expires_at <= $1::timestamptz + make_interval(days => $2) and coalesce(reminded, 1000) > $2 limit 500 for update skip locked)
       returning *`,
      [now, days],
    );
    for (const row of rows) ctx.emit(waiverEnding, row.entity ?? row.id, { ...tellOf(toWaiver(row)), days });
    reminded += rows.length;
  }
  return { expired: over.length, reminded };
}

async function sweepAll(ctx: Ctx): Promise<{ expired: number; reminded: number; forgotten: number }> {
  return { ...(await sweepWaivers(ctx)), forgotten: await forgetInputs(ctx.sql, ctx.now()) };
}

async function isDue(ctx: Ctx): Promise<boolean> {
  const { rowCount } = await ctx.sql.query(
    `select 1 from standards.waiver
     where (state in ('approved', 'requested') and expires_at <= $1)
       or (state = 'approved' and expires_at <= $1::timestamptz + interval '7 days' and coalesce(reminded, 1000) > 7)
       or (state = 'approved' and expires_at <= $1::timestamptz + interval '1 day' and coalesce(reminded, 1000) > 1)
     union all
     select 1 from standards.decision_input where used_at <= $1::timestamptz - make_interval(days => ${KEPT_DAYS})
     limit 1`,
    [ctx.now()],
  );
  return rowCount > 0;
}

/** Looks every ten minutes. */
export function createSweeper({ runtime, log }: { readonly runtime: Runtime & { system(job: string): Call }; readonly log: Logger }): {
  start(): void;
  stop(): Promise<void>;
} {
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  const look = (): void => {
    // Only what there is to do is an act that the audit log keeps.
    underWay = runtime
      .read(runtime.system("waivers"), isDue)
      .then((due) => (due ? runtime.write(runtime.system("waivers"), sweep, {}, undefined, sweepAll) : undefined))
      .catch((error: unknown) => log.error("waivers were not looked at", { error: String(error) }));
  };
  return {
    start() {
      timer = setInterval(look, EVERY_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      await underWay;
    },
  };
}

/** A waiver for an entity that is gone ends: what comes back under its name must ask anew. */
export function makeEndWaivers(): Subscription {
  return {
    name: "standards.end-waivers",
    events: [entityRemoved.name],
    async receive(ctx, event) {
      const { ref } = entityRemoved.payload.parse(event.payload);
      const { rows } = await ctx.sql.query<{ id: string }>(
        "select id from standards.waiver where entity = $1 and state in ('approved', 'requested') for update",
        [ref],
      );
      for (const { id } of rows) {
        const waiver = await updateState(ctx.sql, id, { state: "ended", by: "system:waivers", at: ctx.now(), note: "The entity is gone." });
        ctx.emit(waiverChanged, ref, tellOf(waiver));
      }
    },
  };
}
