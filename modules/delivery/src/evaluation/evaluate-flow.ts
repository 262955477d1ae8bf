import { join } from "node:path";

import { evaluationRecorded, evaluationRequested, recordEvaluation } from "@roadbed/contracts/delivery/evaluations";
import { ConflictError, DomainError, formatActor, InvalidError, newId, NotFoundError, type Ctx } from "@roadbed/core";
import type { Flow } from "@roadbed/workflows";

import { contentOfConfig } from "../configuration/content-at.ts";
import type { DeliveryDeps } from "../deps.ts";
import { readRelease, type ReleaseRow } from "../release/release-store.ts";
import type { ProcessLedger } from "../runtime/process-ledger.ts";
import type { Toolchain } from "../runtime/toolchain.ts";
import { MANIFEST_FILE, parseManifest } from "../workload/manifest.ts";
import type { EvaluationText } from "./evaluation-text.ts";
import { findEvaluations, insertSet, readSet, type EvaluationRow, type SetRow } from "./evaluation-store.ts";
import { readCases } from "./read-lines.ts";
import { insertEvaluation, writeEvaluation, type Grader } from "./record-evaluation.ts";
import { RunFailed, runGrader } from "./run-evaluation.ts";

export interface EvaluateInput {
  readonly evaluationId: string;
}

export interface EvaluateParts {
  readonly toolchain: Toolchain;
  readonly ledger: ProcessLedger;
  stopping(): boolean;
}

/** Runs a grader and records what it says; done again after a kill, it is recorded once. */
export function defineEvaluateFlow(deps: DeliveryDeps, parts: EvaluateParts): Flow<EvaluateInput, string> {
  return deps.workflows.define<EvaluateInput, string>(
    "delivery.evaluate",
    async (c, { evaluationId }) => c.step("run", (s) => evaluate(deps, parts, evaluationId, s.signal), { attempts: 2 }),
    { queue: "deploy" },
  );
}

/** A row that says it is being run, and the event that begins it. A release that is being evaluated already is not begun a second time. */
export async function beginEvaluation(
  deps: Pick<DeliveryDeps, "repositories">,
  ctx: Ctx,
  release: ReleaseRow,
  setVersion?: number,
): Promise<EvaluationRow> {
  const text = evaluationTextOf(release);
  if (text === undefined || release.repository === null || release.commit === null) {
    throw new InvalidError(`Release ${release.number} of ${release.entity_ref} does not say how it is evaluated.`, {
      mend: `Describe it in ${MANIFEST_FILE} (evaluation: { cases, run }) and push, or record what a grader says: roadbed evaluation record.`,
    });
  }
  const set =
    setVersion === undefined
      ? await setOfCommit(deps, ctx, release, text)
      : await readSet(ctx.sql, release.entity_ref, text.set, setVersion);
  const [running] = await findEvaluations(ctx.sql, "e.release_id = $1 and e.set_id = $2 and e.state = 'running' limit 1", [
    release.id,
    set.id,
  ]);
  if (running !== undefined) return running;
  const id = newId("evl", ctx.now().getTime());
  await insertEvaluation(ctx, { id, release, set, grader: graderOf(text, release), state: "running", how: "run" });
  ctx.emit(evaluationRequested, release.entity_ref, { evaluationId: id, entityRef: release.entity_ref });
  return (await findEvaluations(ctx.sql, "e.id = $1", [id]))[0]!;
}

/** Of `roadbed.yaml` as it was at the release's commit. */
export function evaluationTextOf({ config }: ReleaseRow): EvaluationText | undefined {
  const manifest = config[MANIFEST_FILE];
  return manifest === undefined ? undefined : parseManifest(manifest).evaluation;
}

/** The cases as they stand at a commit; another content than before is a new version of the set. */
async function setOfCommit(
  { repositories }: Pick<DeliveryDeps, "repositories">,
  ctx: Ctx,
  { entity_ref, repository, commit }: ReleaseRow,
  { set: name, cases: path }: EvaluationText,
): Promise<SetRow> {
  return setFromGit(repositories, ctx, { entityRef: entity_ref, name, repository: repository!, path, commit: commit! });
}

export async function setFromGit(
  repositories: Pick<DeliveryDeps["repositories"], "readFile">,
  ctx: Ctx,
  o: { readonly entityRef: string; readonly name: string; readonly repository: string; readonly path: string; readonly commit: string },
): Promise<SetRow> {
  const bytes = await repositories.readFile(o.repository, o.commit, o.path);
  if (bytes === undefined)
    throw new NotFoundError("file", `${o.path} in ${o.repository} at ${o.commit.slice(0, 8)}`, "Push the cases first.");
  const { ids, digest } = readCases(Buffer.from(bytes).toString("utf8"));
  return insertSet(ctx.sql, {
    id: newId("evs", ctx.now().getTime()),
    entity_ref: o.entityRef,
    name: o.name,
    digest,
    case_ids: ids,
    content: null,
    repository: o.repository,
    path: o.path,
    commit: o.commit,
    made_by: formatActor(ctx.actor),
    created_at: ctx.now(),
  });
}

async function evaluate(deps: DeliveryDeps, parts: EvaluateParts, id: string, signal: AbortSignal): Promise<string> {
  const call = deps.runtime.system("delivery.evaluate");
  const found = await deps.runtime.read(call, async (ctx) => {
    const [row] = await findEvaluations(ctx.sql, "e.id = $1 and e.state = 'running'", [id]);
    if (row === undefined) return undefined;
    const { rows } = await ctx.sql.query<SetRow>("select * from delivery.evaluation_set where id = $1", [row.set_id]);
    return { release: await readRelease(ctx.sql, row.release_id, []), set: rows[0]! };
  });
  if (found === undefined) return "ended";
  const { release, set } = found;
  const text = evaluationTextOf(release)!;
  try {
    const results = await runGrader({
      ...parts,
      repositories: deps.repositories,
      repository: release.repository!,
      commit: release.commit!,
      text,
      cases: await casesOf(deps, set),
      subject: subjectOf(release),
      dir: join(deps.dataDir, "workloads", ".evaluations", id),
      signal,
    });
    await deps.runtime.write(call, recordEvaluation, { id }, { kind: "entity", id: release.entity_ref }, (ctx) =>
      writeEvaluation(ctx, { release, set, grader: graderOf(text, release), results, running: id }),
    );
    return "recorded";
  } catch (error) {
    // The server stops: it is run again at the next start.
    if (parts.stopping()) await new Promise(() => {});
    if (error instanceof ConflictError) return "ended";
    if (!(error instanceof DomainError)) deps.log.error("an evaluation came to nothing", { evaluation: id, error: String(error) });
    await fail(deps, release, set, id, error);
    return "failed";
  }
}

async function fail(deps: DeliveryDeps, release: ReleaseRow, set: SetRow, id: string, error: unknown): Promise<void> {
  const call = deps.runtime.system("delivery.evaluate");
  const reason = error instanceof Error ? error.message : String(error);
  await deps.runtime.write(call, recordEvaluation, { id }, { kind: "entity", id: release.entity_ref }, async (ctx) => {
    await ctx.sql.query(
      "update delivery.evaluation set state = 'failed', error = $2, log = $3, ended_at = $4 where id = $1 and state = 'running'",
      [id, reason.slice(0, 2_000), error instanceof RunFailed ? error.log : null, ctx.now()],
    );
    const { entity_ref: entityRef, number } = release;
    ctx.emit(evaluationRecorded, entityRef, { evaluationId: id, entityRef, releaseId: release.id, number, set: set.name, state: "failed" });
  });
}

async function casesOf({ repositories }: DeliveryDeps, { content, repository, path, commit }: SetRow): Promise<string> {
  if (content !== null) return content;
  const bytes = await repositories.readFile(repository!, commit!, path!);
  if (bytes === undefined) throw new NotFoundError("file", `${path} in ${repository} at ${commit?.slice(0, 8)}`, "Push the cases again.");
  return Buffer.from(bytes).toString("utf8");
}

/** What the program is to judge: what is served of it, and all that travels with it. */
function subjectOf({ entity_ref, number, commit, parts, config }: ReleaseRow): unknown {
  const content = contentOfConfig(config, commit ?? "");
  return { entityRef: entity_ref, release: number, commit, parts, ...(content === undefined ? {} : content) };
}

function graderOf({ grader, run }: EvaluationText, { commit }: ReleaseRow): Grader {
  return grader ?? { name: run.join(" ").slice(0, 200), version: commit?.slice(0, 12) ?? "1" };
}
