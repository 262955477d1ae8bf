import { listStages, removeStage, setStage, stageSet, type Stage } from "@roadbed/contracts/standards/stages";
import { encodeCursor, formatActor, handle, InvalidError, newId, NotFoundError, readCursor, z, type Handler } from "@roadbed/core";

import type { LoadedPolicy } from "../policy/policy.ts";
import { deleteStage, insertStage, selectStages, type StageRow } from "./stage-store.ts";
import { stateOf } from "./stage.ts";

/** Switching policies and packs, now or from a day that is announced. */
export function makeStageHandlers(policies: readonly Pick<LoadedPolicy, "name" | "pack">[]): Handler[] {
  const set = handle(setStage, async (ctx, { policy, pack, action, moments, from, reason }) => {
    checkTarget(policy, pack);
    const now = ctx.now();
    const at = from === undefined ? now : new Date(from);
    const stage: StageRow = {
      id: newId("stg", now.getTime()),
      ...(policy === undefined ? {} : { policy }),
      ...(pack === undefined ? {} : { pack }),
      ...(moments === undefined ? {} : { moments }),
      action,
      from: at.toISOString(),
      ...((reason ?? ctx.reason) === undefined ? {} : { reason: reason ?? ctx.reason }),
      setBy: formatActor(ctx.actor),
      setAt: now.toISOString(),
    };
    await insertStage(ctx.sql, stage);
    ctx.emit(stageSet, policy ?? pack ?? "", { policy, pack, action, from: stage.from, removed: false });
    return { ...stage, state: at > now ? ("announced" as const) : ("in force" as const) };
  });

  const list = handle(listStages, async (ctx, { policy, pack, limit, cursor }) => {
    const after = readCursor(z.number().int().min(0), cursor) ?? 0;
    const all = await selectStages(ctx.sql);
    const now = ctx.now();
    const asked = all.filter((stage) => (policy === undefined || stage.policy === policy) && (pack === undefined || stage.pack === pack));
    const items: Stage[] = asked.slice(after, after + limit).map((stage) => ({ ...stage, state: stateOf(all, stage, now) }));
    const rest = after + limit < asked.length;
    return { items, total: asked.length, ...(rest ? { nextCursor: encodeCursor(after + limit) } : {}) };
  });

  const remove = handle(removeStage, async (ctx, { id }) => {
    const stage = await deleteStage(ctx.sql, id);
    if (!stage) throw new NotFoundError("stage", id, "`roadbed stage list` shows what was said.");
    const { policy, pack, action, from } = stage;
    ctx.emit(stageSet, policy ?? pack ?? "", { policy, pack, action, from, removed: true });
    return { removed: id };
  });

  return [set, list, remove];

  function checkTarget(policy: string | undefined, pack: string | undefined): void {
    if ((policy === undefined) === (pack === undefined)) {
      throw new InvalidError("Name a policy or a pack, not both.", { mend: "Give either `policy` or `pack`." });
    }
    if (policy !== undefined && !policies.some(({ name }) => name === policy)) {
      throw new NotFoundError("policy", policy, "`roadbed policy list` shows the names.");
    }
    if (pack !== undefined && !policies.some((one) => one.pack === pack)) {
      const packs = [...new Set(policies.flatMap((one) => one.pack ?? []))];
      throw new NotFoundError("pack", pack, `There are these packs: ${packs.join(", ")}.`);
    }
  }
}
