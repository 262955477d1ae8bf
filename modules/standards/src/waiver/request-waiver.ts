import { requestWaiver, waiverChanged, type Waiver } from "@roadbed/contracts/standards/waivers";
import { ConflictError, formatActor, handle, InvalidError, newId, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import { requireEntity, type WaiverParts } from "./parts.ts";
import { findRule } from "./waiver-rules.ts";
import { insertWaiver } from "./waiver-store.ts";

const DAY_MS = 86_400_000;

/** Asks for a deviation; a rule may approve it at once, else somebody else must. */
export function makeRequestWaiver(parts: WaiverParts): Handler {
  return handle(requestWaiver, async (ctx, { days, owner, reason, ...about }) => {
    const policy = parts.policies.find(({ name }) => name === about.policy) ?? (await parts.others?.(ctx.sql, about.policy));
    if (!policy) throw new NotFoundError("policy", about.policy, "`roadbed policy list` shows the names.");
    const scopes = [about.entity, about.namespace, about.team].filter((one) => one !== undefined);
    if (scopes.length !== 1) {
      throw new InvalidError("A waiver is for an entity, a namespace or a team.", {
        mend: "Name exactly one of `entity`, `namespace` and `team`.",
      });
    }
    for (const ref of [about.entity, about.team]) if (ref !== undefined) await requireEntity(ctx, parts.entities, ref);
    await refuseTwice(ctx, about);

    const now = ctx.now();
    const actor = formatActor(ctx.actor);
    const asked: Waiver = {
      id: newId("wvr", now.getTime()),
      ...about,
      reason,
      owner: owner ?? actor,
      requestedBy: actor,
      requestedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + days * DAY_MS).toISOString(),
      state: "requested",
    };
    const rule = await findRule(ctx.sql, parts.cel, asked, days, policy);
    const waiver: Waiver =
      rule === undefined ? asked : { ...asked, state: "approved", decidedBy: `rule:${rule}`, decidedAt: now.toISOString(), rule };
    await insertWaiver(ctx.sql, waiver);
    ctx.emit(waiverChanged, waiver.entity ?? waiver.id, tellOf(waiver));
    return waiver;
  });
}

/** What events say of it. */
export function tellOf({ id, policy, entity, state, owner, expiresAt }: Waiver): {
  waiverId: string;
  policy: string;
  entity?: string;
  state: Waiver["state"];
  owner: string;
  expiresAt: string;
} {
  return { waiverId: id, policy, ...(entity === undefined ? {} : { entity }), state, owner, expiresAt };
}

async function refuseTwice(ctx: Ctx, about: Pick<Waiver, "policy" | "entity" | "namespace" | "team">): Promise<void> {
  const { rows } = await ctx.sql.query<{ id: string; state: string }>(
    `select id, state from standards.waiver
     where policy = $1 and entity is not distinct from $2 and namespace is not distinct from $3 and team is not distinct from $4
       and (state = 'requested' or (state = 'approved' and expires_at > $5::timestamptz + interval '14 days'))
     limit 1`,
    [about.policy, about.entity ?? null, about.namespace ?? null, about.team ?? null, ctx.now()],
  );
  const [before] = rows;
  if (before) {
    throw new ConflictError(`There is such a waiver: ${before.id} is ${before.state}.`, {
      mend: "Revoke it first, or ask again in the last two weeks before it ends.",
    });
  }
}
