import { ConflictError, DomainError, InvalidError, type Ctx, type Sql } from "@roadbed/core";
import { blobHash, type TreeEntry } from "@roadbed/git";

import type { PathsDeps, RepositoryFile } from "../deps.ts";
import { toMadeFiles, type MadeFile } from "../ledger/compare-files.ts";
import { readMadeFiles, type MadeRow } from "../ledger/made-store.ts";
import { renderPath, type RenderDeps, type RenderInput } from "../ledger/render-path.ts";
import type { LedgerRepositories } from "../ledger/check-made.ts";
import type { Sources } from "../ledger/source-store.ts";
import type { ActorDetail } from "../run/run-store.ts";
import { leaveOut } from "../tag/guard-library.ts";
import type { Hidden } from "../tag/without-tags.ts";
import { fieldsOf, isSecretField, valueAt } from "../template/form.ts";
import type { Path } from "../template/template.ts";
import { matchesAny } from "../workspace/glob.ts";
import { carryOut, type CarriedOut } from "./carry-out.ts";
import { planUpgrade } from "./plan-upgrade.ts";

export interface WorkOutDeps extends RenderDeps, Pick<PathsDeps, "catalog"> {
  readonly sources: Sources;
  readonly repositories: LedgerRepositories;
}

/** An upgrade of one made thing, worked out and not yet proposed. */
export interface WorkedOut extends CarriedOut {
  /** The commit of the repository that it was worked out for. */
  readonly head: string;
  /** The repository's files there. */
  readonly tree: readonly TreeEntry[];
  /** What the new version makes: the thing's files once this is merged. */
  readonly made: readonly MadeFile[];
  /** The commit in the repository that holds them. */
  readonly base: string;
  readonly answers: Record<string, unknown>;
}

const AUTHOR = { name: "Roadbed", email: "" };

/**
 * Base, theirs and ours of a made thing become one. The answers are those it was made with; what the new version asks beyond them takes
 * its defaults. Throws a `DomainError` that says in words why it cannot be.
 */
export async function workOut(
  deps: WorkOutDeps,
  ctx: Ctx,
  made: MadeRow,
  newer: { readonly path: Path; readonly title: string },
): Promise<WorkedOut> {
  const { repositories, sources } = deps;
  if (made.source_digest === null) throw new ConflictError("The version that made it was not kept.");
  const tree = (await repositories.exists(made.repository))
    ? await repositories.tree(made.repository, `refs/heads/${made.branch}`)
    : undefined;
  if (tree === undefined) throw new ConflictError(`The repository ${made.repository} or its branch ${made.branch} is not there any more.`);
  const { hidden, ...input } = await inputOf(ctx.sql, made);
  const seen = (path: Path): Path => {
    const left = leaveOut(path, hidden);
    if (left !== undefined) return left;
    throw new ConflictError("No step of it is left without those that were hidden from whoever made this.");
  };
  const from = seen(await sources.open(ctx.sql, made.source_digest));
  const to = { ...newer, path: seen(newer.path) };
  const answers = await fitAnswers(deps, to.path, made.answers);
  const base = await readMadeFiles(ctx.sql, made.id);
  const before = await renderPath(deps, ctx, from, { ...input, answers: made.answers });
  const theirs = await renderPath(deps, ctx, to.path, { ...input, answers });
  const unknown = await unrenderable(deps, ctx, { base, before, theirs, input: { ...input, answers }, path: to.path });

  // Only a file that is gone can have been renamed: where all are there, git is not asked.
  const differences = async (to_: string, there: readonly { readonly path: string }[]) => {
    const paths = new Set(there.map(({ path }) => path));
    if (base.every(({ path }) => paths.has(path))) return [];
    return repositories.differences(made.repository, made.base_commit, to_).catch(() => []);
  };
  // The new version's files are put into the repository first: git then tells which of them are renamed ones.
  const kept = await keepTheirs(repositories, made, theirs);
  const [byPath, here] = await Promise.all([differences(kept, theirs), differences(tree.commit, tree.files)]);
  const renames = (all: typeof byPath) =>
    new Map(all.flatMap(({ status, was, path }) => (status === "renamed" && was !== undefined ? [[was, path] as const] : [])));
  const deviating = await readDeviating(ctx, made.id);
  const globs = to.path.promises.managed;
  const byHash = new Map(theirs.map((file) => [blobHash(file.content), file.content]));
  const steps = planUpgrade({
    base: new Map(base.map((file) => [file.path, file])),
    theirs: new Map(theirs.map((file) => [file.path, { hash: blobHash(file.content), executable: file.executable }])),
    ours: new Map(tree.files.map((file) => [file.path, file])),
    renamedByPath: renames(byPath),
    renamedHere: renames(here),
    managed: (path) => matchesAny(path, globs),
    kept: (path) => (deviating.has(path) ? "It deviates knowingly." : unknown.get(path)),
  });
  const wanted = steps.flatMap((step) => (step.kind === "merge" ? [step.base ?? "", step.ours] : []));
  const contents = new Map([...byHash, ...(await repositories.blobs(made.repository, wanted))]);
  const labels = {
    base: `${to.title} ${made.version ?? "before"}`,
    ours: "this repository",
    theirs: `${to.title} ${to.path.promises.version ?? "now"}`,
  };
  const carried = await carryOut({ steps, theirs: new Map(theirs.map((file) => [file.path, file])), contents, labels });
  const oldOf = new Map(base.map((file) => [file.path, file]));
  const all = toMadeFiles(theirs, globs).flatMap((file) => (unknown.has(file.path) ? (oldOf.get(file.path) ?? []) : [file]));
  return { ...carried, head: tree.commit, tree: tree.files, made: all, base: kept, answers };
}

/** Keeps the new version's files in the repository, where no clone shows them. Answers the commit. */
async function keepTheirs(repositories: LedgerRepositories, made: MadeRow, theirs: readonly RepositoryFile[]): Promise<string> {
  // A name for each set of files: those that a thing was on before stay as well.
  const set = blobHash(theirs.map(({ path, content, executable }) => `${path} ${blobHash(content)} ${executable}`).join("\n"));
  const { hash } = await repositories.keepFiles(made.repository, {
    ref: `base/${made.id}-${set.slice(0, 12)}`,
    files: theirs,
    message: `What ${made.path_ref} makes`,
    author: AUTHOR,
  });
  return hash;
}

/** The answers with the new version's defaults. What it needs beyond them cannot be guessed. */
async function fitAnswers({ renderer }: WorkOutDeps, path: Path, answers: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { problems, values } = await renderer.validate(path.pages, answers);
  const secret = new Set(
    fieldsOf(path)
      .filter(isSecretField)
      .map((field) => field.path),
  );
  const real = problems.filter(({ field }) => !secret.has(field) || valueAt(answers, field) === undefined);
  if (real.length === 0) return values;
  throw new InvalidError(
    `The new version asks for what was not answered: ${real.map(({ field, reason }) => `${field} ${reason}`).join("; ")}.`,
    {
      mend: "Give the field a default in the path, or follow the path anew.",
    },
  );
}

/**
 * Files that cannot be rendered as a run would make them: they hold a secret that is not kept, or something that was true only when they
 * were made. The old version tells: rendered again, its files must be those that were made.
 */
async function unrenderable(
  deps: WorkOutDeps,
  ctx: Ctx,
  o: { base: readonly MadeFile[]; before: readonly RepositoryFile[]; theirs: readonly RepositoryFile[]; input: RenderInput; path: Path },
): Promise<Map<string, string>> {
  const again = new Map(o.before.map(({ path, content }) => [path, blobHash(content)]));
  const found = new Map<string, string>();
  for (const { path, hash } of o.base) {
    if (again.get(path) !== hash)
      found.set(path, "It cannot be rendered again as it was made: it holds a secret, or what was true only then.");
  }
  const secrets = fieldsOf(o.path).filter((field) => isSecretField(field) && valueAt(o.input.answers, field.path) !== undefined);
  if (secrets.length === 0) return found;
  const other = structuredClone(o.input.answers) as Record<string, unknown>;
  for (const { path } of secrets) {
    const keys = path.split(".");
    (valueAt({ root: other }, ["root", ...keys.slice(0, -1)].join(".")) as Record<string, unknown>)[keys.at(-1) ?? ""] = "another";
  }
  const otherwise = new Map(
    (await renderPath(deps, ctx, o.path, { ...o.input, answers: other })).map(({ path, content }) => [path, blobHash(content)]),
  );
  for (const { path, content } of o.theirs) {
    if (otherwise.get(path) !== blobHash(content)) found.set(path, "It holds a secret that is not kept.");
  }
  return found;
}

async function inputOf(sql: Sql, made: MadeRow): Promise<Omit<RenderInput, "answers"> & { readonly hidden: Hidden | undefined }> {
  const { rows } = await sql.query<{ actor_detail: ActorDetail; hidden: Hidden | null }>(
    "select actor_detail, path -> 'hidden' as hidden from paths.run where id = $1",
    [made.run_id],
  );
  const user = rows[0]?.actor_detail.user;
  if (user === undefined) throw new ConflictError("The run that made it is not known any more.");
  const [, step = "", turn] = made.key.split(":");
  return { taskId: made.run_id, user, secrets: {}, step, turn: Number(turn ?? 0), hidden: rows[0]?.hidden ?? undefined };
}

async function readDeviating(ctx: Ctx, madeId: string): Promise<Set<string>> {
  const { rows } = await ctx.sql.query<{ path: string }>(
    "select distinct unnest(paths) path from paths.deviation where made_id = $1 and status = 'active' and expires_at > $2",
    [madeId, ctx.now()],
  );
  return new Set(rows.map(({ path }) => path));
}

/** Why something cannot be upgraded, in words; undefined for a fault that is not the thing's own. */
export function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof DomainError) || error.code === "UNAVAILABLE" || error.code === "CANCELLED") return undefined;
  return error.mend === undefined ? error.message : `${error.message} ${error.mend}`;
}
