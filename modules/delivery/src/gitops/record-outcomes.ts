import type { Ctx } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { writeGitops } from "../internal-operations.ts";
import { readPromotions, type PromotionRow } from "../promotion/promotion-store.ts";
import type { ReleaseRow } from "../release/release-store.ts";
import { isOurs, takeSource } from "../source/take-source.ts";
import { sourceChanges } from "../source/write-source.ts";
import { ensureGitops, GITOPS_REPOSITORY, lockBranch, PLATFORM_AUTHOR, systemOf } from "./gitops-repository.ts";
import { folderOf } from "./render.ts";
import { retryOnConflict } from "./retry-on-conflict.ts";
import { headOf, rememberHead } from "./write-environment.ts";

const AT_ONCE = 1_000;
export const HOLDS_FILE = "holds.json";
export const FREEZES_FILE = "freezes.json";

/**
 * Writes releases, the outcomes of promotions, what environments ask for and what each is to have to `main`, all that is not there yet in one commit.
 * What somebody pushed there is read before: until then nothing is written over it.
 */
export async function recordOutcomes(deps: DeliveryDeps): Promise<void> {
  await ensureGitops(deps);
  const write = (): Promise<boolean> =>
    retryOnConflict(deps, "main", () =>
      deps.runtime.write(systemOf(deps), writeGitops, { branch: "main" }, undefined, (ctx) => record(deps, ctx)),
    );
  if (await write()) return;
  // What somebody pushed is read as theirs in this moment. A commit of ours whose transaction was lost is nobody's: it is made anew.
  const since = await deps.runtime.read(systemOf(deps), (ctx) => headOf(ctx, "main"));
  if (!(await isOurs(deps, since))) return;
  await takeSource(deps, systemOf(deps));
  await write();
}

/** Answers whether it could: somebody pushed meanwhile, and that is read before. */
async function record({ repositories }: DeliveryDeps, ctx: Ctx): Promise<boolean> {
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
  const known = await headOf(ctx, "main");
  if (known !== undefined && head !== known) return false;
  // Tables that were lost know of no file: what stands there is not written over until it was read back.
  const isLost = known === undefined && head !== undefined && (await repositories.listFiles(GITOPS_REPOSITORY, head)).some(isSourceFile);
  const source = isLost ? { files: [], removed: [] } : await sourceChanges({ repositories }, ctx);
  const lists = await Promise.all(
    [[HOLDS_FILE, await holdsText(ctx)] as const, [FREEZES_FILE, await freezesText(ctx)] as const].map(async ([path, content]) => {
      const before = head === undefined || isLost ? undefined : await repositories.readFile(GITOPS_REPOSITORY, head, path);
      const isSame = isLost || (before === undefined ? "[]\n" : Buffer.from(before).toString("utf8")) === content;
      return isSame ? [] : [{ path, content }];
    }),
  );
  const files = [
    ...releases.map((row) => ({ path: `${folderOf(row.entity_ref)}/releases/${row.number}.json`, content: toText(releaseRecord(row)) })),
    ...promotions.map((row) => ({ path: `${folderOf(row.entity_ref)}/promotions/${row.id}.json`, content: toText(promotionRecord(row)) })),
    ...lists.flat(),
    ...source.files,
  ];
  if (files.length + source.removed.length === 0) {
    if (head !== undefined && !isLost) await rememberHead(ctx, "main", head);
    return true;
  }
  const { hash } = await repositories.commitFiles(GITOPS_REPOSITORY, {
    branch: "main",
    files,
    removed: source.removed,
    message: titleOf(releases, promotions, source.files.length + source.removed.length),
    author: PLATFORM_AUTHOR,
    at: ctx.now(),
    expectedParent: head ?? null,
  });
  if (!isLost) await rememberHead(ctx, "main", hash);
  const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
  await ctx.sql.query("update delivery.release set recorded_at = $2 where id = any($1)", [ids(releases), ctx.now()]);
  await ctx.sql.query("update delivery.promotion set recorded_at = $2 where id = any($1)", [ids(promotions), ctx.now()]);
  return true;
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
  "intent",
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

/** As they were said; what was lifted stays with who and why. */
async function freezesText(ctx: Ctx): Promise<string> {
  const { rows } = await ctx.sql.query("select * from delivery.freeze order by id");
  return toText(rows);
}

function isSourceFile(path: string): boolean {
  return path.startsWith("environments/");
}

function titleOf(releases: readonly ReleaseRow[], promotions: readonly PromotionRow[], sources: number): string {
  const parts = [
    ...(releases.length > 0 ? [`${releases.length} ${releases.length === 1 ? "release" : "releases"}`] : []),
    ...(promotions.length > 0 ? [`${promotions.length} ${promotions.length === 1 ? "promotion" : "promotions"}`] : []),
  ];
  if (parts.length === 0 && sources > 0) return `Say what ${sources === 1 ? "one place is" : `${sources} places are`} to have`;
  return parts.length === 0 ? "Record what is held and frozen" : `Record ${parts.join(" and ")}`;
}
