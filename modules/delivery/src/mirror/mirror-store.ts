import { mirrorChanged, type Mirror } from "@roadbed/contracts/delivery/mirror";
import type { Ctx, Sql } from "@roadbed/core";

import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";

export interface MirrorRow extends Record<string, unknown> {
  readonly repository: string;
  readonly remote: string;
  readonly username: string | null;
  readonly sealed: Buffer | null;
  readonly state: Mirror["state"];
  readonly heads: Readonly<Record<string, string>>;
  readonly failures: number;
  readonly error: string | null;
  readonly noticed: Mirror["noticed"] | null;
  /** What is proposed here is a request there, too. */
  readonly requests: boolean;
  readonly set_by: string;
  readonly set_at: Date;
  readonly pushed_at: Date | null;
  readonly looked_at: Date | null;
  readonly try_at: Date;
}

export async function findMirror(sql: Sql, lock = false): Promise<MirrorRow | undefined> {
  const { rows } = await sql.query<MirrorRow>(`select * from delivery.mirror where repository = $1${lock ? " for update" : ""}`, [
    GITOPS_REPOSITORY,
  ]);
  return rows[0];
}

/** Whoever takes it has it for a while: another server leaves it alone. Undefined when it is not due, or taken. */
export async function takeMirror(sql: Sql, leaseMs: number): Promise<MirrorRow | undefined> {
  const { rows } = await sql.query<MirrorRow>(
    "update delivery.mirror set try_at = now() + $2 * interval '1 millisecond' where repository = $1 and try_at <= now() returning *",
    [GITOPS_REPOSITORY, leaseMs],
  );
  return rows[0];
}

/** It was brought in sync, or looked at and found so. A failure that is over is told. */
export async function setInSync(ctx: Ctx, before: MirrorRow, heads: Readonly<Record<string, string>>, nextMs: number): Promise<void> {
  await ctx.sql.query(
    `update delivery.mirror set state = 'in-sync', heads = $2, failures = 0, error = null, looked_at = $3,
       pushed_at = case when heads = $2::jsonb then coalesce(pushed_at, $3) else $3 end, try_at = $3::timestamptz + $4 * interval '1 millisecond'
     where repository = $1 and remote = $5`,
    [before.repository, JSON.stringify(heads), ctx.now(), nextMs, before.remote],
  );
  if (before.state !== "in-sync") tellMirror(ctx, before, "in-sync");
}

export async function setFailing(ctx: Ctx, before: MirrorRow, error: string, nextMs: number): Promise<void> {
  await ctx.sql.query(
    `update delivery.mirror set state = 'failing', failures = failures + 1, error = $2, looked_at = $3,
       try_at = $3::timestamptz + $4 * interval '1 millisecond' where repository = $1 and remote = $5`,
    [before.repository, error, ctx.now(), nextMs, before.remote],
  );
  if (before.state !== "failing") tellMirror(ctx, before, "failing", error);
}

export async function noteOthers(ctx: Ctx, row: MirrorRow, noticed: NonNullable<Mirror["noticed"]>): Promise<void> {
  await ctx.sql.query("update delivery.mirror set noticed = $2 where repository = $1", [row.repository, JSON.stringify(noticed)]);
  const { author, branch, message, done } = noticed;
  tellMirror(ctx, row, "written-by-others", `${author} wrote to ${branch}: ${message}. ${done}`);
}

export function tellMirror(
  ctx: Ctx,
  { repository, remote }: Pick<MirrorRow, "repository" | "remote">,
  change: "set" | "removed" | "failing" | "in-sync" | "written-by-others",
  detail?: string,
): void {
  ctx.emit(mirrorChanged, repository, { repository, remote, change, ...(detail === undefined ? {} : { detail }) });
}

export function toMirror(row: MirrorRow): Mirror {
  return {
    remote: row.remote,
    ...(row.username === null ? {} : { username: row.username }),
    hasSecret: row.sealed !== null,
    state: row.state,
    branches: Object.keys(row.heads).length,
    failures: row.failures,
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.noticed === null ? {} : { noticed: row.noticed }),
    requests: row.requests,
    setBy: row.set_by,
    setAt: row.set_at.toISOString(),
    ...(row.pushed_at === null ? {} : { pushedAt: row.pushed_at.toISOString() }),
    ...(row.state === "failing" ? { triesAt: row.try_at.toISOString() } : {}),
  };
}
