import { isDeepStrictEqual } from "node:util";

import type { Ctx } from "@roadbed/core";
import type { Commit, FileChange } from "@roadbed/git";

import type { DeliveryDeps } from "../deps.ts";
import { readAcceptedFile } from "../drift/accepted-file.ts";
import { acceptedIn, insertAccepted, putIntents, type AcceptedRow } from "../drift/accepted-store.ts";
import { notePutRight } from "../drift/drift-store.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { writeGitops } from "../internal-operations.ts";
import { readPromotions, type PromotionRow } from "../promotion/promotion-store.ts";
import { findReleases, type ReleaseRow } from "../release/release-store.ts";
import { intended } from "../source/intent.ts";
import { branchOf, ensureGitops, GITOPS_REPOSITORY, lockBranch, PLATFORM_AUTHOR, systemOf, targetOf } from "./gitops-repository.ts";
import { ACCEPTED_FILE, engineFileOf, folderOf, render } from "./render.ts";
import { retryOnConflict } from "./retry-on-conflict.ts";
import { messageOf, promotionsIn, type AcceptedBy } from "./trailer.ts";

const AT_ONCE = 1_000;
const LOOKED_BACK = 200;

/**
 * Writes everything that is to be written to an environment's branch, as one commit, and puts right what somebody else did there. Doing it
 * twice is doing it once: a promotion is named in its commit. A branch that moves meanwhile is read and rendered anew.
 */
export async function writeEnvironment(deps: DeliveryDeps, environment: string): Promise<void> {
  await ensureGitops(deps);
  const branch = branchOf(environment);
  await retryOnConflict(deps, branch, () =>
    deps.runtime.write(systemOf(deps), writeGitops, { branch }, undefined, (ctx) => write(deps, ctx, environment)),
  );
}

async function write(deps: DeliveryDeps, ctx: Ctx, environment: string): Promise<void> {
  const branch = branchOf(environment);
  await lockBranch(ctx, branch);
  const waiting = await readPromotions(
    ctx.sql,
    `p.environment = $1 and p.state = 'writing' and p.git_commit is null order by p.id limit ${AT_ONCE} for update of p`,
    [environment],
  );
  const head = await deps.repositories.head(GITOPS_REPOSITORY, branch);
  const { left, strange } = await sinceLastTime(deps, ctx, { branch, head });
  // A commit of ours whose transaction was lost: it is not made a second time.
  const done = waiting.filter(({ id }) => left.has(id));
  await markWritten(
    ctx,
    done.map((row) => ({ row, commit: left.get(row.id)!.hash })),
  );
  const rows = waiting.filter(({ id }) => !left.has(id));
  const anew = (await toRewrite(ctx, environment)).filter((one) => !rows.some((row) => row.entity_ref === one.entity_ref));
  const gone = anew.filter(({ remove }) => remove === true).map((one) => one.entity_ref);
  if (rows.length === 0 && anew.length === 0 && !strange) {
    if (head !== undefined) await rememberHead(ctx, branch, head);
    return;
  }
  const intending = rows.filter(({ intent }) => intent !== null).map(({ release_id }) => release_id);
  if (intending.length > 0) await putIntents(ctx, rows, await findReleases(ctx.sql, intending));
  const contents = await changesFor(deps, ctx, {
    environment,
    rows,
    anew: anew.map((one) => one.entity_ref),
    gone,
    all: strange,
    onto: head,
  });
  const { hash } = await deps.repositories.commitFiles(GITOPS_REPOSITORY, {
    branch,
    ...contents,
    message: messageOf(environment, rows, { replaced: strange ? head : undefined, accepted: anew }),
    author: PLATFORM_AUTHOR,
    at: ctx.now(),
    expectedParent: head ?? null,
  });
  await rememberHead(ctx, branch, hash);
  await markWritten(
    ctx,
    rows.map((row) => ({ row, commit: hash })),
  );
  await followRestored(ctx, rows, contents.files);
  await ctx.sql.query("update delivery.desired set rewrite = null, git_commit = $3 where environment = $1 and entity_ref = any($2)", [
    environment,
    anew.map((one) => one.entity_ref),
    hash,
  ]);
  await ctx.sql.query("delete from delivery.desired where environment = $1 and entity_ref = any($2)", [environment, gone]);
  await ctx.sql.query("delete from delivery.accepted where environment = $1 and entity_ref = any($2)", [environment, gone]);
  if (strange && head !== undefined) await noteStrange(deps, ctx, { environment, head, hash });
  if (strange)
    deps.log.warn("somebody else wrote to the branch of an environment; what was promoted stands there again", { branch, theirs: head });
}

/**
 * What happened to a branch since it was left: our own commits by promotion, and whether anybody else's are among them, or history was
 * written anew.
 */
async function sinceLastTime(
  { repositories }: DeliveryDeps,
  ctx: Ctx,
  { branch, head }: { readonly branch: string; readonly head: string | undefined },
): Promise<{ left: Map<string, Commit>; strange: boolean }> {
  const known = await headOf(ctx, branch);
  const left = new Map<string, Commit>();
  if (head === known) return { left, strange: false };
  if (head === undefined) return { left, strange: true };
  const isOn = known !== undefined && (await repositories.isAncestor(GITOPS_REPOSITORY, known, head));
  const commits = await repositories.log(GITOPS_REPOSITORY, { ref: head, limit: LOOKED_BACK, since: isOn ? known : undefined });
  for (const commit of commits) for (const { id } of promotionsIn(commit.message)) left.set(id, commit);
  const foreign = commits.some(({ message }) => !/^Roadbed-Renderer: /m.test(message));
  return { left, strange: foreign || (known !== undefined && !isOn) || (await holdsUnadmitted(ctx, [...left.keys()])) };
}

/** Something stands there that nothing let through: it was pushed there past its pull request, or the merge of it was lost. */
async function holdsUnadmitted(ctx: Ctx, ids: readonly string[]): Promise<boolean> {
  if (ids.length === 0) return false;
  const { rowCount } = await ctx.sql.query(
    "select 1 from delivery.promotion where id = any($1) and git_commit is null and state in ('waiting', 'refused', 'cancelled') limit 1",
    [ids],
  );
  return rowCount > 0;
}

/** What a commit on top of another has to write and to take away, so that these promotions stand there. */
export async function changesFor(
  deps: DeliveryDeps,
  ctx: Ctx,
  o: {
    readonly environment: string;
    readonly rows: readonly PromotionRow[];
    /** Components that are rendered anew although their release is the same. */
    readonly anew?: readonly string[];
    /** Of these, components that it is to have no more. */
    readonly gone?: readonly string[];
    /** Everything that the environment is to have, and nothing else. */
    readonly all: boolean;
    readonly onto: string | undefined;
  },
): Promise<{ readonly files: FileChange[]; readonly removed: string[] }> {
  const { files, scope } = await contentsOf(deps, ctx, o);
  const tree = o.onto === undefined ? undefined : await deps.repositories.tree(GITOPS_REPOSITORY, o.onto);
  return {
    files: [...files].map(([path, content]): FileChange => ({ path, content })),
    removed: (tree?.files ?? []).map(({ path }) => path).filter((path) => scope(path) && !files.has(path)),
  };
}

/** The texts to be written, and which paths of the branch they stand for. */
async function contentsOf(
  deps: DeliveryDeps,
  ctx: Ctx,
  {
    environment,
    rows,
    all,
    anew = [],
    gone = [],
  }: {
    readonly environment: string;
    readonly rows: readonly PromotionRow[];
    readonly all: boolean;
    readonly anew?: readonly string[];
    readonly gone?: readonly string[];
  },
): Promise<{ files: Map<string, string | Uint8Array>; scope: (path: string) => boolean }> {
  const wanted = new Map<string, string>();
  if (all || anew.length > 0) {
    const { rows: desired } = await ctx.sql.query<{ entity_ref: string; release_id: string }>(
      "select entity_ref, release_id from delivery.desired where environment = $1 and ($2 or entity_ref = any($3))",
      [environment, all, anew],
    );
    for (const { entity_ref, release_id } of desired) wanted.set(entity_ref, release_id);
  }
  for (const entityRef of gone) wanted.delete(entityRef);
  for (const { entity_ref, release_id } of rows) wanted.set(entity_ref, release_id);
  const releases = await findReleases(ctx.sql, [...wanted.values()]);
  const accepted = await acceptedIn(ctx.sql, environment, [...wanted.keys()]);
  const target = targetOf(deps, (await findEnvironment(ctx.sql, environment)) ?? { name: environment, kubernetes: undefined });
  const files = new Map<string, string | Uint8Array>();
  for (const [entityRef, releaseId] of wanted) {
    const release = releases.get(releaseId)!;
    const row = rows.find(({ entity_ref }) => entity_ref === entityRef);
    const earlier = row?.kind === "rollback" ? await earlierTree(deps, ctx, row, release) : undefined;
    // What is only proposed wants what it wants, too.
    const wants = row === undefined || row.intent === null ? of(accepted, release) : (written(accepted, row) ?? intended(row, release));
    for (const [path, content] of earlier ?? render(release, target, wants)) files.set(path, content);
  }
  if (all) return { files, scope: (path) => path.startsWith("apps/") || path.startsWith("engine/") };
  const folders = new Set([...wanted.keys(), ...gone].flatMap((ref) => [folderOf(ref), engineFileOf(ref)]));
  return { files, scope: (path) => folders.has(path.split("/").slice(0, 2).join("/")) };
}

/** Going back brings back what was accepted then, too: the tables follow what stands in Git. */
async function followRestored(ctx: Ctx, rows: readonly PromotionRow[], files: readonly FileChange[]): Promise<void> {
  for (const { kind, entity_ref, environment } of rows) {
    if (kind !== "rollback") continue;
    const file = files.find(({ path }) => path === `${folderOf(entity_ref)}/${ACCEPTED_FILE}`);
    const text = typeof file?.content === "string" ? file.content : Buffer.from(file?.content ?? []).toString("utf8");
    const said = file === undefined ? undefined : readAcceptedFile(text);
    await ctx.sql.query("delete from delivery.accepted where entity_ref = $1 and environment = $2", [entity_ref, environment]);
    if (said !== undefined) await insertAccepted(ctx, [{ ...said, environment }]);
  }
}

/** By this very promotion, with who and when. */
function written(accepted: ReadonlyMap<string, AcceptedRow>, { entity_ref, release_id, intent }: PromotionRow): AcceptedRow | undefined {
  const row = accepted.get(entity_ref);
  return row?.release_id === release_id && isDeepStrictEqual(row.intent, intent) ? row : undefined;
}

/** What was accepted counts for the release it was accepted of. */
function of(accepted: ReadonlyMap<string, AcceptedRow>, { entity_ref, id }: ReleaseRow): AcceptedRow | undefined {
  const row = accepted.get(entity_ref);
  return row?.release_id === id ? row : undefined;
}

/** What was accepted and is not in Git yet, and what never ran and is to be there no more. */
async function toRewrite(ctx: Ctx, environment: string): Promise<(AcceptedBy & { readonly remove?: boolean })[]> {
  const { rows } = await ctx.sql.query<{ entity_ref: string; rewrite: { by: string; why: string; remove?: boolean } }>(
    "select entity_ref, rewrite from delivery.desired where environment = $1 and rewrite is not null order by entity_ref for update",
    [environment],
  );
  return rows.map(({ entity_ref, rewrite }) => ({ entity_ref, ...rewrite }));
}

/** What somebody else wrote is kept to be read, by component: it was drift, and it is put right. */
async function noteStrange(
  { repositories }: DeliveryDeps,
  ctx: Ctx,
  { environment, head, hash }: { readonly environment: string; readonly head: string; readonly hash: string },
): Promise<void> {
  const [theirs] = await repositories.log(GITOPS_REPOSITORY, { ref: head, limit: 1 });
  const changed = await repositories.differences(GITOPS_REPOSITORY, head, hash);
  const why = `${theirs?.author.name ?? "Somebody"} wrote to env/${environment}: ${(theirs?.message ?? "").split("\n")[0]!.slice(0, 200)}`;
  const byFolder = Map.groupBy(changed.slice(0, 500), ({ path }) => /^apps\/([^/]+)\//.exec(path)?.[1] ?? GITOPS_REPOSITORY);
  for (const [folder, files] of byFolder) {
    // `name`, or `namespace.name`: see workloadNameOf.
    const dot = folder.indexOf(".");
    const entityRef = dot < 0 ? `component:default/${folder}` : `component:${folder.slice(0, dot)}/${folder.slice(dot + 1)}`;
    const differences = files.map(({ path, status }) => ({ field: path, git: RESTORED[status], runs: THEIRS[status] }));
    await notePutRight(ctx, { entityRef, environment, differences, why });
  }
}

/** Seen from their commit to ours: what we removed they had added. */
const RESTORED = { added: "there", changed: "as promoted", deleted: "not there", renamed: "under its own name" } as const;
const THEIRS = { added: "removed by them", changed: "changed by them", deleted: "added by them", renamed: "renamed by them" } as const;

/** Going back restores what stood there, byte for byte, whatever the renderer has become since. */
async function earlierTree(
  { repositories }: DeliveryDeps,
  ctx: Ctx,
  { entity_ref, environment, release_id }: PromotionRow,
  release: ReleaseRow,
): Promise<Map<string, Uint8Array> | undefined> {
  const { rows } = await ctx.sql.query<{ git_commit: string }>(
    `select git_commit from delivery.promotion where entity_ref = $1 and environment = $2 and release_id = $3 and state = 'promoted' and git_commit is not null
     order by id desc limit 1`,
    [entity_ref, environment, release_id],
  );
  const tree = rows[0] && (await repositories.tree(GITOPS_REPOSITORY, rows[0].git_commit));
  const folder = `${folderOf(release.entity_ref)}/`;
  const files = (tree?.files ?? []).filter(({ path }) => path.startsWith(folder) || path === engineFileOf(release.entity_ref));
  if (files.length === 0) return undefined;
  const contents = await repositories.blobs(
    GITOPS_REPOSITORY,
    files.map(({ hash }) => hash),
  );
  return new Map(files.flatMap(({ path, hash }) => (contents.has(hash) ? [[path, contents.get(hash)!] as const] : [])));
}

/** From now on this is what the environment is to have. */
async function markWritten(ctx: Ctx, written: readonly { readonly row: PromotionRow; readonly commit: string }[]): Promise<void> {
  if (written.length === 0) return;
  const rows = JSON.stringify(written.map(({ row, commit }) => ({ ...placeOf(row), promotion_id: row.id, git_commit: commit })));
  const set = "jsonb_to_recordset($1::jsonb) as r(entity_ref text, environment text, release_id text, promotion_id text, git_commit text)";
  await ctx.sql.query(`update delivery.promotion p set git_commit = r.git_commit from ${set} where p.id = r.promotion_id`, [rows]);
  await ctx.sql.query(
    `insert into delivery.desired (entity_ref, environment, release_id, promotion_id, git_commit, since)
     select entity_ref, environment, release_id, promotion_id, git_commit, $2 from ${set} order by entity_ref
     on conflict (entity_ref, environment) do update set release_id = excluded.release_id, promotion_id = excluded.promotion_id,
       git_commit = excluded.git_commit, since = excluded.since, rewrite = null`,
    [rows, ctx.now()],
  );
}

function placeOf({ entity_ref, environment, release_id }: PromotionRow): Pick<PromotionRow, "entity_ref" | "environment" | "release_id"> {
  return { entity_ref, environment, release_id };
}

/** Where a branch was left; undefined where that is not known (any more). */
export async function headOf(ctx: Ctx, branch: string): Promise<string | undefined> {
  const { rows } = await ctx.sql.query<{ head: string }>("select head from delivery.gitops_branch where branch = $1", [branch]);
  return rows[0]?.head;
}

export async function rememberHead(ctx: Ctx, branch: string, head: string): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.gitops_branch (branch, head, written_at) values ($1, $2, $3)
     on conflict (branch) do update set head = $2, written_at = $3 where gitops_branch.head is distinct from $2`,
    [branch, head, ctx.now()],
  );
}
