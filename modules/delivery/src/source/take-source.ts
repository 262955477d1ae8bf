import { environmentChanged } from "@roadbed/contracts/delivery/environments";
import { createPromotion } from "@roadbed/contracts/delivery/promotions";
import { sourceEdited, type SourceProblem } from "@roadbed/contracts/delivery/source";
import { DomainError, ForbiddenError, formatActor, InvalidError, newId, type Call, type Ctx } from "@roadbed/core";
import type { Commit } from "@roadbed/git";
import { isDeepStrictEqual } from "node:util";

import type { DeliveryDeps } from "../deps.ts";
import { checkEnvironmentText } from "../environment/check-environment.ts";
import { findEnvironment, lockEnvironments, putEnvironment } from "../environment/environment-store.ts";
import { GITOPS_REPOSITORY, lockBranch, PLATFORM_AUTHOR } from "../gitops/gitops-repository.ts";
import { keepTheirs } from "../gitops/keep-theirs.ts";
import { retryOnConflict } from "../gitops/retry-on-conflict.ts";
import { headOf, rememberHead } from "../gitops/write-environment.ts";
import { editSource } from "../internal-operations.ts";
import { theEnvironment } from "../promotion/promotion-handlers.ts";
import { desiredIn } from "../promotion/promotion-store.ts";
import { hiddenFrom } from "../promotion/read-promotions.ts";
import { requestPromotion } from "../promotion/request-promotion.ts";
import { readRelease } from "../release/release-store.ts";
import { changesBy, intended, type Intent } from "./intent.ts";
import { insertEdit, putSourceFiles, readSourceFiles, type SourceFile } from "./source-store.ts";
import { problemsOf, readEnvironmentFile, readIntentFile, subjectOf } from "./source-text.ts";

const MAIN = "main";

/** What came of a file, in a sentence. */
export interface Outcome {
  readonly outcome: string;
  readonly entityRef?: string | undefined;
  readonly promotionId?: string | undefined;
}

/**
 * What somebody pushed to `main` is read: a file that fits becomes a change of its environment, or a promotion that goes through every gate; one that
 * does not is put back, with the reasons in the commit, and changes nothing. As whoever pushed, with the scopes of their token. Doing it twice is doing
 * it once: what was read is remembered.
 */
export async function takeSource(deps: DeliveryDeps, by: Call): Promise<void> {
  await retryOnConflict(deps, MAIN, () =>
    deps.runtime.write(by, editSource, { branch: MAIN }, { kind: "repository", id: GITOPS_REPOSITORY }, (ctx) => take(deps, ctx)),
  );
}

/** Whether everything on `main` since a commit says that the platform made it. Anybody can say so: what is read as nobody's is put back, whoever it was. */
export async function isOurs({ repositories }: Pick<DeliveryDeps, "repositories">, since: string | undefined): Promise<boolean> {
  const commits = await repositories.log(GITOPS_REPOSITORY, { ref: MAIN, limit: 200, since });
  return commits.every(({ author }) => author.email === PLATFORM_AUTHOR.email);
}

interface Edit {
  readonly path: string;
  /** Undefined: it was removed. */
  readonly text: string | undefined;
  readonly blob: string | undefined;
  readonly before: SourceFile | undefined;
  readonly commit: Commit;
}

interface Refused {
  readonly path: string;
  readonly problems: readonly SourceProblem[];
}

async function take(deps: DeliveryDeps, ctx: Ctx): Promise<void> {
  const { repositories } = deps;
  await lockBranch(ctx, MAIN);
  const head = await repositories.head(GITOPS_REPOSITORY, MAIN);
  const known = await headOf(ctx, MAIN);
  // What was lost of the tables is read back first: nobody's files are taken for new ones.
  if (head === undefined || known === undefined || head === known) return;
  if (!(await repositories.isAncestor(GITOPS_REPOSITORY, known, head))) {
    const kept = await keepTheirs(deps, ctx, { branch: MAIN, theirs: head });
    await repositories.moveBranch(GITOPS_REPOSITORY, MAIN, head, known);
    const problem = { at: MAIN, reason: "its history was written anew", mend: "Pull, and push your change on top of it." };
    await tell(deps, ctx, {
      path: MAIN,
      commit: await newest(deps, head),
      state: "refused",
      outcome: `It was put back. Theirs is kept on the branch ${kept}.`,
      problems: [problem],
    });
    return;
  }
  const changed = await repositories.differences(GITOPS_REPOSITORY, known, head);
  const edits = await editsIn(deps, ctx, { known, head });
  // A commit of ours whose transaction was lost: it is put back and made anew, and there is nobody to be told.
  const isLost = ctx.actor.kind === "system" && (await isOurs(deps, known));
  const refused: Refused[] = [];
  for (const edit of edits) {
    const problems = isLost ? [LOST] : await takeOne(deps, ctx, edit);
    if (problems !== undefined) refused.push({ path: edit.path, problems });
  }
  // Records are the platform's: what anybody else makes of them is put right.
  const records = changed.flatMap(({ path, was }) => (was === undefined ? [path] : [path, was])).filter((path) => isRecord(path));
  const back = [...refused, ...records.map((path): Refused => ({ path, problems: [{ at: path, reason: "only the platform writes it" }] }))];
  for (const { path, problems } of isLost ? [] : back.slice(refused.length, refused.length + 20)) {
    await tell(deps, ctx, { path, commit: await newest(deps, head), state: "refused", outcome: "It was put back.", problems });
  }
  await rememberHead(ctx, MAIN, back.length === 0 ? head : await putBack(deps, ctx, { head, known, back }));
}

const LOST: SourceProblem = { at: MAIN, reason: "what was written could not be kept, and is written anew" };

/** Files of people that are not as they were left, environments first. */
async function editsIn(
  { repositories }: DeliveryDeps,
  ctx: Ctx,
  { known, head }: { readonly known: string; readonly head: string },
): Promise<Edit[]> {
  const files = await readSourceFiles(ctx.sql);
  const tree = await repositories.tree(GITOPS_REPOSITORY, head);
  const there = new Map((tree?.files ?? []).filter(({ path }) => isSource(path)).map(({ path, hash }) => [path, hash]));
  const paths = [...new Set([...there.keys(), ...files.keys()])].filter((path) => there.get(path) !== files.get(path)?.blob).toSorted();
  if (paths.length === 0) return [];
  const contents = await repositories.blobs(
    GITOPS_REPOSITORY,
    paths.flatMap((path) => there.get(path) ?? []),
  );
  const touched = await repositories.lastTouched(GITOPS_REPOSITORY, { from: known, to: head, paths });
  const [latest] = await repositories.log(GITOPS_REPOSITORY, { ref: head, limit: 1 });
  return paths.map((path) => {
    const blob = there.get(path);
    const bytes = blob === undefined ? undefined : contents.get(blob);
    return {
      path,
      blob,
      text: bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8"),
      before: files.get(path),
      commit: touched.get(path) ?? latest!,
    };
  });
}

/** Answers what is wrong with it; undefined when it was taken. */
async function takeOne(deps: DeliveryDeps, ctx: Ctx, edit: Edit): Promise<SourceProblem[] | undefined> {
  const { path, text, blob, before, commit } = edit;
  const subject = subjectOf(path);
  try {
    if (subject === undefined || text === undefined || blob === undefined) throw unwanted(path, subject);
    const reason = `${commit.message.split("\n")[0]!.slice(0, 300)} (${commit.hash.slice(0, 8)} on main)`;
    const outcome = await become(deps, ctx, { path, text, reason });
    const { environment } = subject;
    await putSourceFiles(ctx, [
      {
        path,
        environment,
        entity_ref: outcome.entityRef ?? null,
        // Another one than any: it is looked at once more, and written anew where what came of it is another thing.
        stamp: "",
        blob,
        by_hand: true,
        promotion_id: outcome.promotionId ?? before?.promotion_id ?? null,
      },
    ]);
    await tell(deps, ctx, { path, commit, state: "taken", problems: [], environment, ...outcome });
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const problems = problemsOf(path, text ?? "", error);
    const about = { environment: subject?.environment, entityRef: before?.entity_ref ?? undefined };
    await tell(deps, ctx, { path, commit, state: "refused", outcome: "It was put back, and nothing was changed.", problems, ...about });
    return problems;
  }
}

/** What a file asks for is done, or would be when `try` is set. Throws `DomainError`, and has done nothing then. */
export async function become(
  deps: DeliveryDeps,
  ctx: Ctx,
  o: { readonly path: string; readonly text: string; readonly reason: string; readonly try?: boolean },
): Promise<Outcome> {
  const subject = subjectOf(o.path);
  if (subject === undefined) throw unwanted(o.path, subject);
  return subject.name === undefined ? becomeEnvironment(deps, ctx, o) : becomeIntent(deps, ctx, { ...o, environment: subject.environment });
}

async function becomeEnvironment(
  deps: DeliveryDeps,
  ctx: Ctx,
  {
    path,
    text,
    reason,
    try: trying = false,
  }: { readonly path: string; readonly text: string; readonly reason: string; readonly try?: boolean },
): Promise<Outcome> {
  if (!trying) requireScope(ctx, "delivery:admin", "describes environments");
  const said = readEnvironmentFile(path, text);
  if (!trying) await lockEnvironments(ctx);
  const before = await findEnvironment(ctx.sql, said.name);
  const wanted = { ...said, madeBy: said.madeBy ?? before?.madeBy ?? formatActor(ctx.actor) };
  await checkEnvironmentText(deps, ctx, wanted);
  const { workloads: _workloads, endedAt: _endedAt, ...old } = before ?? { workloads: 0, endedAt: undefined };
  if (before !== undefined && isDeepStrictEqual(old, wanted)) return { outcome: "It asks for the same as before." };
  const outcome = before === undefined ? `${said.name} is made.` : `${said.name} asks for something else.`;
  if (trying) return { outcome };
  await putEnvironment(ctx.sql, wanted);
  ctx.emit(environmentChanged, wanted.name, {
    environment: wanted.name,
    title: wanted.title,
    change: before === undefined ? "made" : "changed",
    ...(wanted.owner === undefined ? {} : { owner: wanted.owner }),
    ...(wanted.expiresAt === undefined ? {} : { expiresAt: wanted.expiresAt.toISOString() }),
    reason,
  });
  return { outcome };
}

async function becomeIntent(
  deps: DeliveryDeps,
  ctx: Ctx,
  o: { readonly path: string; readonly text: string; readonly reason: string; readonly environment: string; readonly try?: boolean },
): Promise<Outcome> {
  if (o.try !== true) requireScope(ctx, "delivery:write", "promotes");
  const { component, release: number, overrides, suspended, hotfix = false } = readIntentFile(o.path, o.text);
  const release = await readRelease(ctx.sql, `${component}#${number}`, await hiddenFrom(deps, ctx));
  const environment = await theEnvironment(ctx, o.environment);
  if (o.try !== true) await deps.runtime.may(ctx, createPromotion, { kind: "entity", id: component });
  const intent: Intent = { ...(overrides === undefined ? {} : { overrides }), ...(suspended === true ? { suspended } : {}) };
  changesBy(intent, release.config);
  const same =
    (await desiredIn(ctx.sql, component, o.environment)) === release.id && isDeepStrictEqual(await standing(ctx, component, o), intent);
  if (same) return { entityRef: component, outcome: "It is so already." };
  const what = `Release ${number}${intended({ ...NOBODY, intent }, release) === undefined ? "" : ", with what is different there,"}`;
  if (o.try === true) return { entityRef: component, outcome: `${what} would be promoted to ${o.environment}, through its gates.` };
  const { reason } = o;
  const row = await requestPromotion(deps, ctx, { release, environment, automatic: false, hotfix, reason, intent });
  return { entityRef: component, promotionId: row.id, outcome: `${what} is promoted to ${o.environment}, through its gates.` };
}

const NOBODY = { entity_ref: "", environment: "", requested_by: "", created_at: new Date(0) };

/** What was wanted there beside the release until now. */
async function standing(ctx: Ctx, entityRef: string, { environment }: { readonly environment: string }): Promise<Intent> {
  const { rows } = await ctx.sql.query<{ intent: Intent | null; suspended: boolean | null }>(
    "select intent, (changes ->> 'suspended')::boolean as suspended from delivery.accepted where entity_ref = $1 and environment = $2",
    [entityRef, environment],
  );
  const { overrides } = rows[0]?.intent ?? {};
  return { ...(overrides === undefined ? {} : { overrides }), ...(rows[0]?.suspended === true ? { suspended: true } : {}) };
}

/** Pushing is one right, and what a file asks for another: the token has to have both. */
function requireScope({ scopes, actor }: Ctx, scope: string, doing: string): void {
  if (actor.kind === "system") {
    throw new ForbiddenError("Who pushed it is not known: the server stopped before it could be read.", { mend: "Push it again." });
  }
  if (scopes.has("*") || scopes.has(scope)) return;
  throw new ForbiddenError(`The token that pushed it lacks the scope ${scope}, without which nobody ${doing}.`, {
    mend: `Push it with a token that has ${scope} beside git:write.`,
  });
}

function unwanted(path: string, subject: ReturnType<typeof subjectOf>): InvalidError {
  if (subject === undefined) {
    return new InvalidError("There is nothing that such a file would be of.", {
      mend: "Write environments/<name>.yaml or workloads/<environment>/<name>.yaml.",
    });
  }
  const { environment, name } = subject;
  return new InvalidError(`${name === undefined ? "An environment" : "A workload"} does not end by removing its file.`, {
    mend:
      name === undefined
        ? `End it with a reason: roadbed environment end ${environment}.`
        : "Say suspended: true in it: it is stopped then, through the gates.",
  });
}

/** A forward commit by which what was refused stands as before. */
async function putBack(
  { repositories }: DeliveryDeps,
  ctx: Ctx,
  { head, known, back }: { readonly head: string; readonly known: string; readonly back: readonly Refused[] },
): Promise<string> {
  const files: { path: string; content: Uint8Array }[] = [];
  const removed: string[] = [];
  for (const { path } of back) {
    const content = await repositories.readFile(GITOPS_REPOSITORY, known, path);
    if (content !== undefined) files.push({ path, content });
    else removed.push(path);
  }
  const reasons = back.flatMap(({ problems }) =>
    problems.map(({ at, field, reason, mend }) => {
      return `- ${at}: ${field === undefined ? "" : `${field} `}${reason}${mend === undefined ? "" : ` (${mend})`}`;
    }),
  );
  const title = back.length === 1 ? `Put ${back[0]!.path} back` : `Put ${back.length} files back`;
  const message = [title, "", ...reasons.slice(0, 100), "", `Roadbed-Restored: ${head}`, ""].join("\n");
  const { hash } = await repositories.commitFiles(GITOPS_REPOSITORY, {
    branch: MAIN,
    files,
    removed,
    message,
    author: PLATFORM_AUTHOR,
    at: ctx.now(),
    expectedParent: head,
  });
  return hash;
}

async function tell(
  deps: DeliveryDeps,
  ctx: Ctx,
  o: {
    readonly path: string;
    readonly commit: Commit;
    readonly state: "taken" | "refused";
    readonly outcome: string;
    readonly problems: readonly SourceProblem[];
    readonly environment?: string | undefined;
    readonly entityRef?: string | undefined;
    readonly promotionId?: string | undefined;
  },
): Promise<void> {
  const { path, commit, state, outcome, environment } = o;
  const entityRef = o.entityRef ?? (await namedBy(deps, ctx, path));
  const owner = environment === undefined ? undefined : (await findEnvironment(ctx.sql, environment))?.owner;
  const account = ctx.actor.kind === "user" ? ctx.actor.id : ctx.actor.kind === "agent" ? ctx.actor.onBehalfOf : undefined;
  const pushedBy = formatActor(ctx.actor);
  const said = { author: commit.author.name, message: commit.message.split("\n")[0]!.slice(0, 300), commit: commit.hash };
  const id = newId("edit", ctx.now().getTime());
  await insertEdit(ctx, {
    ...said,
    id,
    path,
    pushedBy,
    state,
    outcome,
    problems: [...o.problems],
    entityRef,
    environment,
    promotionId: o.promotionId,
  });
  ctx.emit(sourceEdited, path, {
    path,
    state,
    outcome,
    pushedBy,
    ...(account === undefined ? {} : { account }),
    ...(environment === undefined ? {} : { environment }),
    ...(entityRef === undefined ? {} : { entityRef }),
    ...(owner === undefined ? {} : { owner }),
    reasons: o.problems.slice(0, 5).map(({ at, field, reason, mend }) => {
      const where = [at, field].filter(Boolean).join(" ");
      return `${where}: ${reason}.${mend === undefined ? "" : ` ${mend}`}`.slice(0, 300);
    }),
  });
}

/** The component whose file it is by its name, where there is one: its owners are told, whatever the file says. */
async function namedBy(deps: DeliveryDeps, ctx: Ctx, path: string): Promise<string | undefined> {
  const name = subjectOf(path)?.name;
  if (name === undefined) return undefined;
  // `name`, or `namespace.name`: see workloadNameOf.
  const dot = name.indexOf(".");
  const ref = dot < 0 ? `component:default/${name}` : `component:${name.slice(0, dot)}/${name.slice(dot + 1)}`;
  return (await deps.entities.get(ctx, ref.toLowerCase())) === undefined ? undefined : ref.toLowerCase();
}

async function newest({ repositories }: DeliveryDeps, head: string): Promise<Commit> {
  const [commit] = await repositories.log(GITOPS_REPOSITORY, { ref: head, limit: 1 });
  return commit!;
}

function isSource(path: string): boolean {
  return path.startsWith("environments/") || path.startsWith("workloads/");
}

/** Everything else that rebuilding reads. */
function isRecord(path: string): boolean {
  return path.startsWith("apps/") || path === "holds.json" || path === "freezes.json";
}
