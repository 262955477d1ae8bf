import { changeClosed, changeMerged, changeMoved, type ChangeConflict } from "@roadbed/contracts/delivery/changes";
import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { findChangesOf, type ChangeRow } from "./change-store.ts";

/** What a push does to open changes: it may hold more now, be settled, be merged by hand, or be gone. */
export async function followPush(deps: DeliveryDeps, ctx: Ctx, push: { repository: string; branch: string; after: string }): Promise<void> {
  for (const change of await findChangesOf(ctx.sql, push.repository, push.branch)) {
    if (change.branch === push.branch) await followOwn(deps, ctx, change);
    // What promotes is merged here or not at all: a push past its gates is put right.
    else if (change.about === null) await followTarget(deps, ctx, change);
  }
}

async function followOwn({ repositories }: DeliveryDeps, ctx: Ctx, change: ChangeRow): Promise<void> {
  const { id, key, repository } = change;
  const head = await repositories.head(repository, change.branch);
  if (head === change.head) return;
  if (head === undefined) {
    const note = "Its branch was removed.";
    await ctx.sql.query("update delivery.change set status = 'closed', ended_by = $2, ended_at = $3, note = $4 where id = $1", [
      id,
      "system:git",
      ctx.now(),
      note,
    ]);
    ctx.emit(changeClosed, id, { changeId: id, repository, key, note });
    return;
  }
  const target = await repositories.head(repository, change.target);
  const base = target !== undefined && (await repositories.isAncestor(repository, target, head)) ? target : change.base;
  const conflicts = await stillOpen({ repositories }, change, head);
  await ctx.sql.query("update delivery.change set head = $2, base = $3, conflicts = $4 where id = $1", [
    id,
    head,
    base,
    JSON.stringify(conflicts),
  ]);
  ctx.emit(changeMoved, id, { changeId: id, repository, key, conflicts: conflicts.length });
}

/** Somebody merged it with their own git. */
async function followTarget({ repositories }: DeliveryDeps, ctx: Ctx, { id, key, repository, head, target }: ChangeRow): Promise<void> {
  const now = await repositories.head(repository, target);
  if (now === undefined || !(await repositories.isAncestor(repository, head, now))) return;
  await ctx.sql.query("update delivery.change set status = 'merged', ended_by = $2, ended_at = $3 where id = $1", [
    id,
    "system:git",
    ctx.now(),
  ]);
  ctx.emit(changeMerged, id, { changeId: id, repository, key, commit: now });
}

/** A conflict is settled when the file holds no marks any more, or, where it never held any, when a push touched it. */
async function stillOpen(
  { repositories }: Pick<DeliveryDeps, "repositories">,
  { repository, head: before, conflicts }: ChangeRow,
  head: string,
): Promise<ChangeConflict[]> {
  const open: ChangeConflict[] = [];
  const changed = new Set((await repositories.differences(repository, before, head)).flatMap(({ path, was }) => [path, was ?? path]));
  for (const conflict of conflicts) {
    if (!changed.has(conflict.path)) open.push(conflict);
    else if (conflict.marked) {
      const content = await repositories.readFile(repository, head, conflict.path);
      if (content !== undefined && /^(<{7}|>{7}) /m.test(Buffer.from(content).toString("utf8"))) open.push(conflict);
    }
  }
  return open;
}
