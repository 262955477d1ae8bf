import { repositoryPushed } from "@roadbed/contracts/delivery";
import {
  changeClosed,
  changeMerged,
  changeMoved,
  closeChange,
  getChange,
  listChanges,
  mergeChange,
  openChange,
  resolveChange,
} from "@roadbed/contracts/delivery/changes";
import {
  ConflictError,
  encodeCursor,
  formatActor,
  handle,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
  type Operation,
  type OutputOf,
} from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { lockBranch } from "../gitops/gitops-repository.ts";
import { admitMerged, refuseClosed } from "../promotion/merge-promotions.ts";
import { readPromotions } from "../promotion/promotion-store.ts";
import { requirePipeline } from "../pipeline/await-pipeline.ts";
import { previewOf } from "../preview/read-preview.ts";
import { findRequest, toRequest } from "../request/request-store.ts";
import { refuseArchived } from "../repository/archive-repository.ts";
import { findRepository, moveHead } from "../repository/repository-store.ts";
import { listChangeRows, readChange, toChange, type ChangeRow } from "./change-store.ts";
import { insert } from "./propose-change.ts";

export function makeChangeHandlers(deps: DeliveryDeps): Handler[] {
  const { repositories } = deps;
  return [
    handle(listChanges, async (ctx, { limit, cursor, repository, state, open }) => {
      const before = readCursor(z.string(), cursor);
      const hidden = (await deps.entities.hiddenFrom?.(ctx)) ?? [];
      const rows = await listChangeRows(ctx.sql, { repository, state, open, before, hidden, limit: limit + 1 });
      const items = rows.slice(0, limit).map(toChange);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(getChange, async (ctx, { id }) => {
      const change = await visible(deps, ctx, id);
      const files = [...(await repositories.patches(change.repository, change.base, change.head))];
      const request = change.about === null ? undefined : await findRequest(ctx.sql, id);
      const preview = await previewOf(ctx.sql, change, deps.routerUrl);
      return {
        ...toChange(change),
        ...(change.about === null ? {} : { promotions: await promotionsOf(ctx, id) }),
        ...(request === undefined ? {} : { request: toRequest(request) }),
        ...(preview === undefined ? {} : { preview }),
        files,
      };
    }),
    handle(openChange, async (ctx, { repository, branch, title, body }) => {
      const record = await findRepository(ctx.sql, repository);
      if (record === undefined || (await isHidden(deps, ctx, record.entityRef))) throw new NotFoundError("repository", repository);
      await may(deps, ctx, openChange, record.entityRef);
      const [head, base] = await Promise.all([repositories.head(repository, branch), repositories.head(repository, record.defaultBranch)]);
      if (head === undefined || base === undefined) throw new NotFoundError("branch", branch, "Push it first.");
      if (!(await repositories.isAncestor(repository, base, head))) {
        throw new ConflictError(`${branch} does not hold the newest commit of ${record.defaultBranch}.`, {
          mend: `Merge ${record.defaultBranch} into it and push.`,
        });
      }
      const key = `${formatActor(ctx.actor)}:${repository}:${branch}:${head}`;
      return insert(ctx, { repository, branch, title, body, base, head, target: record.defaultBranch, conflicts: [], key, madeHead: null });
    }),
    handle(mergeChange, async (ctx, { id, head }) => {
      // Who writes an environment's branch holds this before any row.
      const { about, target } = await readChange(ctx.sql, id);
      if (about !== null) await lockBranch(ctx, target);
      const change = await open(deps, ctx, mergeChange, id);
      return toChange(await merge(deps, ctx, change, head));
    }),
    handle(closeChange, async (ctx, { id, note }) => {
      const change = await open(deps, ctx, closeChange, id);
      const { repository, key, branch, head, about } = change;
      if (about !== null) await refuseClosed(deps, ctx, change, note);
      await end(ctx, id, "closed", note);
      ctx.emit(changeClosed, id, { changeId: id, repository, key, ...(note === undefined ? {} : { note }) });
      await repositories.moveBranch(repository, branch, head, null);
      return toChange(await readChange(ctx.sql, id));
    }),
    handle(resolveChange, async (ctx, { id, path, take }) => {
      const change = await open(deps, ctx, resolveChange, id);
      return toChange(await resolve(deps, ctx, change, path, take));
    }),
  ];
}

/** What it promotes, with what their gates said last. */
async function promotionsOf(ctx: Ctx, id: string): Promise<NonNullable<OutputOf<typeof getChange>["promotions"]>> {
  const rows = await readPromotions(ctx.sql, "p.change_id = $1 order by p.entity_ref, p.id limit 1000", [id]);
  return rows.map(({ entity_ref, id: promotion, number, state, gates }) => ({
    id: promotion,
    entityRef: entity_ref,
    number,
    state,
    gates: [...gates],
  }));
}

/** The target is moved to the branch's head by compare-and-swap: nothing that was pushed meanwhile is lost, nothing unread gets in. */
async function merge(deps: DeliveryDeps, ctx: Ctx, change: ChangeRow, read: string | undefined): Promise<ChangeRow> {
  const { repositories, gates = [] } = deps;
  const { id, key, repository, branch, target, title, conflicts, head, about } = change;
  await refuseArchived(ctx.sql, repository);
  const [now, before] = await Promise.all([repositories.head(repository, branch), repositories.head(repository, target)]);
  if (conflicts.length > 0) {
    const files = conflicts.map(({ path }) => path).join(", ");
    throw new ConflictError(`The change is in conflict in ${files}.`, {
      mend: `Settle each file with roadbed change resolve, or push to ${branch}.`,
      problems: conflicts.map(({ path, reason }) => ({ at: path, reason })),
    });
  }
  if (now === undefined || before === undefined || now !== head || (read !== undefined && read !== now)) {
    throw new ConflictError("The change is not what was read any more: somebody pushed to it.", { mend: "Read it again, then merge." });
  }
  if (!(await repositories.isAncestor(repository, before, now))) {
    throw new ConflictError(`${target} has moved on since the change was made.`, {
      mend: mendOfBehind(change),
    });
  }
  if (about === null) {
    await requirePipeline(deps, ctx, { repository, head: now });
    for (const gate of gates) await gate(ctx, { repository, id, base: before, head: now });
  } else await admitMerged(deps, ctx, change);
  if (!(await repositories.moveBranch(repository, target, before, now))) {
    throw new ConflictError(`${target} moved at this moment.`, { mend: "Try again." });
  }
  await end(ctx, id, "merged");
  if (about === null) await moveHead(ctx.sql, repository, now);
  // First that it was merged, so that whoever keeps books on it has them right before hearing of the push.
  ctx.emit(changeMerged, id, { changeId: id, repository, key, commit: now });
  const author = "name" in ctx.actor ? ctx.actor.name : formatActor(ctx.actor);
  ctx.emit(repositoryPushed, repository, { repository, branch: target, before, after: now, message: title, author });
  await repositories.moveBranch(repository, branch, now, null).catch(() => false);
  return readChange(ctx.sql, id);
}

function mendOfBehind({ key, target, branch, about }: ChangeRow): string {
  if (about !== null) return "It is made anew by itself: read it again in a moment, then merge.";
  return key.startsWith("upgrade") ? "Make it anew with roadbed upgrade refresh." : `Merge ${target} into ${branch} and push.`;
}

/** Commits one side of a file to the change's branch. */
async function resolve(deps: DeliveryDeps, ctx: Ctx, change: ChangeRow, path: string, take: "ours" | "theirs"): Promise<ChangeRow> {
  const { id, key, repository, branch, head, conflicts } = change;
  const conflict = conflicts.find((one) => one.path === path);
  if (conflict === undefined) throw new NotFoundError("conflict", path, "It is settled, or the change never had it.");
  const hash = conflict[take];
  const content = hash === undefined ? undefined : (await deps.repositories.blobs(repository, [hash])).get(hash);
  if (hash !== undefined && content === undefined) throw new ConflictError(`That version of ${path} is not in the repository any more.`);
  const name = "name" in ctx.actor ? ctx.actor.name : formatActor(ctx.actor);
  const committed = await deps.repositories.commitFiles(repository, {
    branch,
    files: content === undefined ? [] : [{ path, content, executable: conflict.executable }],
    removed: content === undefined && (await deps.repositories.readFile(repository, head, path)) !== undefined ? [path] : [],
    message: `${take === "ours" ? "Keep" : "Take the path's"} ${path}`,
    author: { name, email: "" },
    expectedParent: head,
  });
  const left = conflicts.filter((one) => one.path !== path);
  await ctx.sql.query("update delivery.change set head = $2, conflicts = $3 where id = $1", [id, committed.hash, JSON.stringify(left)]);
  ctx.emit(changeMoved, id, { changeId: id, repository, key, conflicts: left.length });
  return readChange(ctx.sql, id);
}

async function end(ctx: Ctx, id: string, status: "merged" | "closed", note?: string): Promise<void> {
  await ctx.sql.query("update delivery.change set status = $2, ended_by = $3, ended_at = $4, note = $5 where id = $1", [
    id,
    status,
    formatActor(ctx.actor),
    ctx.now(),
    note ?? null,
  ]);
}

/** An open change that the caller may do this to, held until the transaction ends. */
async function open(deps: DeliveryDeps, ctx: Ctx, operation: Operation, id: string): Promise<ChangeRow> {
  const change = await visible(deps, ctx, id, true);
  // Who may decide about what promotes is asked of each promotion in it.
  if (change.about === null) await may(deps, ctx, operation, change.entity_ref);
  if (change.status === "open") return change;
  throw new ConflictError(`The change was ${change.status} already.`);
}

async function visible(deps: DeliveryDeps, ctx: Ctx, id: string, lock = false): Promise<ChangeRow> {
  const change = await readChange(ctx.sql, id, lock);
  const hidden = (await deps.entities.hiddenFrom?.(ctx)) ?? [];
  if ([change.entity_ref, ...(change.about ?? [])].some((ref) => hidden.includes(ref)))
    throw new NotFoundError("proposed change", id, "See roadbed change list.");
  return change;
}

async function isHidden({ entities }: DeliveryDeps, ctx: Ctx, ref: string): Promise<boolean> {
  return ((await entities.hiddenFrom?.(ctx)) ?? []).includes(ref);
}

async function may({ runtime }: DeliveryDeps, ctx: Ctx, operation: Operation, entityRef: string): Promise<void> {
  await runtime.may(ctx, operation, { kind: "entity", id: entityRef });
}
