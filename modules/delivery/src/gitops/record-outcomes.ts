import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { writeGitops } from "../internal-operations.ts";
import { readPromotions, type PromotionRow } from "../promotion/promotion-store.ts";
import type { ReleaseRow } from "../release/release-store.ts";
import { ensureGitops, GITOPS_REPOSITORY, lockBranch, PLATFORM_AUTHOR, systemOf } from "./gitops-repository.ts";
import { folderOf } from "./render.ts";
import { retryOnConflict } from "./retry-on-conflict.ts";

const AT_ONCE = 1_000;
export const HOLDS_FILE = "holds.json";

/** Writes releases and the outcomes of promotions to `main`, all that are not there yet in one commit. */
export async function recordOutcomes(deps: DeliveryDeps): Promise<void> {
  await ensureGitops(deps);
  await retryOnConflict(deps, "main", () =>
    deps.runtime.write(systemOf(deps), writeGitops, { branch: "main" }, undefined, (ctx) => record(deps, ctx)),
  );
}

async function record({ repositories }: DeliveryDeps, ctx: Ctx): Promise<void> {
  await lockBranch(ctx, "main");
  const { rows: releases } = await ctx.sql.query<ReleaseRow>(
    `select * from delivery.release where recorded_at is null order by id limit ${AT_ONCE} for update`,
  );
  const promotions = await readPromotions(
    ctx.sql,
    `p.ended_at is not null and p.recorded_at is null order by p.id limit ${AT_ONCE} for update of p`,
    [],
  );
  const head = await repositories.head(GITOPS_REPOSITORY, "main");
  const holds = await holdsText(ctx);
  const before = head === undefined ? undefined : await repositories.readFile(GITOPS_REPOSITORY, head, HOLDS_FILE);
  const isSame = (before === undefined ? "[]\n" : Buffer.from(before).toString("utf8")) === holds;
  const files = [
    ...releases.map((row) => ({ path: `${folderOf(row.entity_ref)}/releases/${row.number}.json`, content: toText(releaseRecord(row)) })),
    ...promotions.map((row) => ({ path: `${folderOf(row.entity_ref)}/promotions/${row.id}.json`, content: toText(promotionRecord(row)) })),
    ...(isSame ? [] : [{ path: HOLDS_FILE, content: holds }]),
  ];
  if (files.length === 0) return;
  await repositories.commitFiles(GITOPS_REPOSITORY, {
    branch: "main",
    files,
    message: titleOf(releases, promotions),
    author: PLATFORM_AUTHOR,
    at: ctx.now(),
    expectedParent: head ?? null,
  });
  const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
  await ctx.sql.query("update delivery.release set recorded_at = $2 where id = any($1)", [ids(releases), ctx.now()]);
  await ctx.sql.query("update delivery.promotion set recorded_at = $2 where id = any($1)", [ids(promotions), ctx.now()]);
}

/** Everything of a release that cannot be made again from elsewhere. */
const OF_RELEASE = [
  "id",
  "entity_ref",
  "number",
  "title",
  "parts",
  "repository",
  "commit",
  "author",
  "made_by",
  "how",
  "irreversible",
  "digest",
  "config",
  "created_at",
] as const satisfies readonly (keyof ReleaseRow)[];

/** What came of a promotion, with what its gates had seen. */
const OF_PROMOTION = [
  "id",
  "entity_ref",
  "environment",
  "release_id",
  "from_release_id",
  "kind",
  "state",
  "automatic",
  "hotfix",
  "batch",
  "reason",
  "requested_by",
  "requester",
  "gates",
  "overrides",
  "deployment_id",
  "git_commit",
  "error",
  "created_at",
  "admitted_at",
  "ended_at",
] as const satisfies readonly (keyof PromotionRow)[];

export function releaseRecord(row: ReleaseRow): Record<string, unknown> {
  return Object.fromEntries(OF_RELEASE.map((name) => [name, row[name]]));
}

export function promotionRecord(row: PromotionRow): Record<string, unknown> {
  return Object.fromEntries(OF_PROMOTION.map((name) => [name, row[name]]));
}

async function holdsText(ctx: Ctx): Promise<string> {
  const { rows } = await ctx.sql.query(
    "select entity_ref, environment, why, held_by, at from delivery.hold order by entity_ref, environment",
  );
  return toText(rows);
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function titleOf(releases: readonly ReleaseRow[], promotions: readonly PromotionRow[]): string {
  const parts = [
    ...(releases.length > 0 ? [`${releases.length} ${releases.length === 1 ? "release" : "releases"}`] : []),
    ...(promotions.length > 0 ? [`${promotions.length} ${promotions.length === 1 ? "promotion" : "promotions"}`] : []),
  ];
  return parts.length === 0 ? "Record what is held" : `Record ${parts.join(" and ")}`;
}
