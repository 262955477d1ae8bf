import {
  approveWaiver,
  refuseWaiver,
  revokeWaiver,
  waiverChanged,
  type Waiver,
  type WaiverState,
} from "@roadbed/contracts/standards/waivers";
import { ConflictError, ForbiddenError, formatActor, handle, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import { tellOf } from "./request-waiver.ts";
import { lockWaiver, updateState } from "./waiver-store.ts";

/** Approve, refuse, revoke. Never by whoever asked for it, save the taking back. */
export function makeDecideWaiver(): Handler[] {
  const approve = handle(approveWaiver, async (ctx, { id, note }) => {
    const waiver = await takeWaiting(ctx, id);
    return settle(ctx, waiver, "approved", note);
  });

  const refuse = handle(refuseWaiver, async (ctx, { id, note }) => {
    const waiver = await takeWaiting(ctx, id);
    return settle(ctx, waiver, "refused", note);
  });

  const revoke = handle(revokeWaiver, async (ctx, { id, note }) => {
    const waiver = await take(ctx, id);
    const mine = waiver.requestedBy === formatActor(ctx.actor);
    if (!mine && !ctx.scopes.has("*") && !ctx.scopes.has("standards:admin")) {
      throw new ForbiddenError("Only whoever asked for a waiver and administrators may end it.", { mend: "Ask one of them." });
    }
    if (waiver.state !== "approved" && waiver.state !== "requested") throw decided(waiver);
    return settle(ctx, waiver, "revoked", note);
  });

  return [approve, refuse, revoke];
}

async function take(ctx: Ctx, id: string): Promise<Waiver> {
  const waiver = await lockWaiver(ctx.sql, id);
  if (!waiver) throw new NotFoundError("waiver", id, "`roadbed waiver list` shows them.");
  return waiver;
}

async function takeWaiting(ctx: Ctx, id: string): Promise<Waiver> {
  const waiver = await take(ctx, id);
  if (waiver.state !== "requested") throw decided(waiver);
  if (waiver.requestedBy === formatActor(ctx.actor)) {
    throw new ForbiddenError("You asked for this waiver: somebody else decides on it.", { mend: "Ask another administrator." });
  }
  if (Date.parse(waiver.expiresAt) <= ctx.now().getTime()) {
    throw new ConflictError("The day on which it was to end is over.", { mend: "Ask for a new one." });
  }
  return waiver;
}

function decided({ state, decidedBy }: Waiver): ConflictError {
  return new ConflictError(`It is ${state}${decidedBy === undefined ? "" : ` by ${decidedBy}`} already.`, {
    mend: "Ask for a new waiver.",
  });
}

async function settle(ctx: Ctx, { id }: Waiver, state: WaiverState, note: string | undefined): Promise<Waiver> {
  const waiver = await updateState(ctx.sql, id, { state, by: formatActor(ctx.actor), at: ctx.now(), note });
  ctx.emit(waiverChanged, waiver.entity ?? waiver.id, tellOf(waiver));
  return waiver;
}
