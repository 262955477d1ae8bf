import { changeClosed, changeMoved } from "@roadbed/contracts/delivery/changes";
import { formatActor, type Ctx } from "@roadbed/core";

import type { ChangeRow } from "../change/change-store.ts";
import { insert } from "../change/propose-change.ts";
import { workloadNameOf } from "../component.ts";
import type { DeliveryDeps } from "../deps.ts";
import { findEnvironment, type EnvironmentRecord } from "../environment/environment-store.ts";
import {
  branchOf,
  ensureGitops,
  GITOPS_REPOSITORY,
  lockBranch,
  nextBranchOf,
  PLATFORM_AUTHOR,
  systemOf,
} from "../gitops/gitops-repository.ts";
import { retryOnConflict } from "../gitops/retry-on-conflict.ts";
import { messageOf, titleOf } from "../gitops/trailer.ts";
import { changesFor, rememberHead } from "../gitops/write-environment.ts";
import { writeGitops } from "../internal-operations.ts";
import { readPromotions, type PromotionRow } from "./promotion-store.ts";
import { bodyOf, isReady } from "./pull-request.ts";

const AT_ONCE = 1_000;

/**
 * What waits for an environment becomes a proposed change of its branch, and stays one: made anew when the branch has moved, when somebody
 * pushed to it or when what it holds is another; closed when nothing of it waits any more. Doing it twice is doing it once.
 */
export async function proposePromotions(deps: DeliveryDeps, environment: string): Promise<void> {
  await ensureGitops(deps);
  const branch = branchOf(environment);
  await retryOnConflict(deps, branch, () =>
    deps.runtime.write(systemOf(deps), writeGitops, { branch: `${branch}-next` }, undefined, (ctx) => propose(deps, ctx, environment)),
  );
}

/** Whether there is anything to propose, or to close. */
export async function isProposedTo(ctx: Pick<Ctx, "sql">, environment: string): Promise<boolean> {
  const { rowCount } = await ctx.sql.query(
    `select 1 from delivery.environment where name = $1 and by = 'pull-request'
     union all select 1 from delivery.change where target = $2 and status = 'open' and about is not null limit 1`,
    [environment, branchOf(environment)],
  );
  return rowCount > 0;
}

/** What is proposed follows what waits and where the branch stands. */
export async function proposeAgain(deps: DeliveryDeps, environment: string): Promise<void> {
  if (await deps.runtime.read(systemOf(deps), (ctx) => isProposedTo(ctx, environment))) await proposePromotions(deps, environment);
}

async function propose(deps: DeliveryDeps, ctx: Ctx, name: string): Promise<void> {
  await lockBranch(ctx, branchOf(name));
  const environment = await findEnvironment(ctx.sql, name);
  const open = await openChanges(ctx, name);
  const groups = environment?.by === "pull-request" ? await groupsOf(ctx, name, open) : new Map<string, PromotionRow[]>();
  for (const change of open) if (!groups.has(groupOf(change))) await close(deps, ctx, change);
  if (environment === undefined) return;
  for (const [group, rows] of groups) {
    const change = open.find((one) => groupOf(one) === group);
    await bringUp(deps, ctx, { environment, group, rows, change });
  }
}

/** What was asked for together is one change; everything else is one by itself, so that its owner merges it and nobody else's waits for that. */
async function groupsOf(ctx: Ctx, environment: string, open: readonly ChangeRow[]): Promise<Map<string, PromotionRow[]>> {
  const rows = await readPromotions(
    ctx.sql,
    `p.environment = $1 and p.state = 'waiting' and p.kind = 'promote' order by p.id limit ${AT_ONCE}`,
    [environment],
  );
  const proposed = new Set(open.map(({ id }) => id));
  // Once proposed it stays so while it waits: a gate that lets nothing through for a while is said when somebody would merge it.
  const ready = rows.filter((row) => isReady(row.gates) || (row.change_id !== null && proposed.has(row.change_id)));
  return Map.groupBy(ready, ({ id, batch }) => batch ?? id);
}

async function openChanges(ctx: Ctx, environment: string): Promise<ChangeRow[]> {
  const { rows } = await ctx.sql.query<ChangeRow>(
    "select * from delivery.change where repository = $1 and target = $2 and status = 'open' and about is not null order by id for update",
    [GITOPS_REPOSITORY, branchOf(environment)],
  );
  return rows;
}

interface Wanted {
  readonly environment: EnvironmentRecord;
  readonly group: string;
  readonly rows: readonly PromotionRow[];
  readonly change: ChangeRow | undefined;
}

async function bringUp(deps: DeliveryDeps, ctx: Ctx, { environment, group, rows, change }: Wanted): Promise<void> {
  const { repositories } = deps;
  const target = branchOf(environment.name);
  const base = (await repositories.head(GITOPS_REPOSITORY, target)) ?? (await begin(deps, ctx, target));
  const branch = change?.branch ?? nextBranchOf(environment.name, rows.length === 1 ? workloadNameOf(rows[0]!.entity_ref) : group);
  const before = await repositories.head(GITOPS_REPOSITORY, branch);
  const about = rows.map(({ entity_ref }) => entity_ref).toSorted();
  const isSame = change?.about?.join() === about.join() && change.base === base && change.made_head === before && change.head === before;
  if (isSame) return;
  const title = titleOf(environment.name, rows);
  const body = bodyOf(environment, rows);
  const { hash } = await repositories.commitFiles(GITOPS_REPOSITORY, {
    branch,
    ...(await changesFor(deps, ctx, { environment: environment.name, rows, all: false, onto: base })),
    message: messageOf(environment.name, rows),
    author: PLATFORM_AUTHOR,
    at: ctx.now(),
    onto: base,
    expectedParent: before ?? null,
  });
  const id = change === undefined ? await open(ctx, { group, branch, target, title, body, base, head: hash, about }) : change.id;
  if (change !== undefined) {
    await ctx.sql.query(
      "update delivery.change set base = $2, head = $3, made_head = $3, about = $4, title = $5, body = $6 where id = $1",
      [id, base, hash, about, title, body],
    );
    ctx.emit(changeMoved, id, { changeId: id, repository: GITOPS_REPOSITORY, key: change.key, conflicts: 0 });
  }
  await ctx.sql.query("update delivery.promotion set change_id = $2, look_at = $3 where id = any($1) and change_id is distinct from $2", [
    rows.map((row) => row.id),
    id,
    ctx.now(),
  ]);
}

interface NewProposal {
  readonly group: string;
  readonly branch: string;
  readonly target: string;
  readonly title: string;
  readonly body: string;
  readonly base: string;
  readonly head: string;
  readonly about: readonly string[];
}

/** A key of its own each time: what was closed by a removed branch is proposed again. */
async function open(ctx: Ctx, { group, ...change }: NewProposal): Promise<string> {
  const { rows } = await ctx.sql.query<{ n: number }>("select count(*)::int n from delivery.change where key like $1", [
    `promotion:${group}:%`,
  ]);
  const key = `promotion:${group}:${rows[0]!.n + 1}`;
  const made = await insert(ctx, { ...change, repository: GITOPS_REPOSITORY, conflicts: [], key, madeHead: change.head });
  return made.id;
}

function groupOf({ key }: ChangeRow): string {
  return key.split(":")[1] ?? "";
}

async function close({ repositories }: DeliveryDeps, ctx: Ctx, { id, key, branch }: ChangeRow): Promise<void> {
  const note = "Nothing of it waits any more.";
  await ctx.sql.query("update delivery.change set status = 'closed', ended_by = $2, ended_at = $3, note = $4 where id = $1", [
    id,
    formatActor(ctx.actor),
    ctx.now(),
    note,
  ]);
  ctx.emit(changeClosed, id, { changeId: id, repository: GITOPS_REPOSITORY, key, note });
  const head = await repositories.head(GITOPS_REPOSITORY, branch);
  if (head !== undefined) await repositories.moveBranch(GITOPS_REPOSITORY, branch, head, null);
}

/** A branch to which nothing was promoted yet, so that there is something to merge into. */
async function begin({ repositories }: DeliveryDeps, ctx: Ctx, branch: string): Promise<string> {
  const { hash } = await repositories.commitFiles(GITOPS_REPOSITORY, {
    branch,
    files: [
      { path: "README.md", content: `What \`${branch}\` is to have: one folder per component below \`apps/\`, written by Roadbed.\n` },
    ],
    message: messageOf(branch.slice(branch.indexOf("/") + 1), []),
    author: PLATFORM_AUTHOR,
    at: ctx.now(),
    expectedParent: null,
  });
  await rememberHead(ctx, branch, hash);
  return hash;
}
