import { createEvaluationSet, recordEvaluation, runEvaluation } from "@roadbed/contracts/delivery/evaluations";
import { formatActor, handle, InvalidError, newId, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { readRelease, type ReleaseRow } from "../release/release-store.ts";
import { findRepositoryOf } from "../repository/repository-store.ts";
import { beginEvaluation, setFromGit } from "./evaluate-flow.ts";
import { insertSet, readSet, toEvaluation, toSet } from "./evaluation-store.ts";
import { readCases } from "./read-lines.ts";
import { writeEvaluation } from "./record-evaluation.ts";

/** Sets are made, results recorded, graders run. */
export function makeEvaluationHandlers(deps: DeliveryDeps): Handler[] {
  const hiddenOf = async (ctx: Ctx): Promise<readonly string[]> => (await deps.entities.hiddenFrom?.(ctx)) ?? [];
  return [
    handle(createEvaluationSet, async (ctx, { entityRef, name, cases, path, commit }) => {
      if ((await hiddenOf(ctx)).includes(entityRef) || !(await isKnown(deps, ctx, entityRef))) throw new NotFoundError("entity", entityRef);
      if ((cases === undefined) === (path === undefined)) {
        throw new InvalidError("A set is made either of lines or of a file in the repository.", {
          problems: [{ at: "cases", reason: "give either cases or path" }],
          mend: "Give --cases cases.jsonl, or --path cases.jsonl for the file in Git.",
        });
      }
      if (path !== undefined) return toSet(await fromGit(deps, ctx, { entityRef, name, path, commit }));
      const { ids, digest } = readCases(cases!);
      return toSet(
        await insertSet(ctx.sql, {
          id: newId("evs", ctx.now().getTime()),
          entity_ref: entityRef,
          name,
          digest,
          case_ids: ids,
          content: cases!,
          repository: null,
          path: null,
          commit: null,
          made_by: formatActor(ctx.actor),
          created_at: ctx.now(),
        }),
      );
    }),
    handle(recordEvaluation, async (ctx, { release: given, results, set: name, setVersion, grader, graderVersion, subjectDigest }) => {
      const release = await readRelease(ctx.sql, given, await hiddenOf(ctx));
      // Scores open a gate: whoever may not promote it may not say that it is good either.
      await deps.runtime.may(ctx, recordEvaluation, { kind: "entity", id: release.entity_ref });
      requireSubject(release, subjectDigest);
      const set = await readSet(ctx.sql, release.entity_ref, name, setVersion);
      const row = await writeEvaluation(ctx, { release, set, grader: { name: grader, version: graderVersion }, results });
      return toEvaluation(ctx.sql, row);
    }),
    handle(runEvaluation, async (ctx, { release: given, setVersion }) => {
      const release = await readRelease(ctx.sql, given, await hiddenOf(ctx));
      await deps.runtime.may(ctx, runEvaluation, { kind: "entity", id: release.entity_ref });
      return toEvaluation(ctx.sql, await beginEvaluation(deps, ctx, release, setVersion));
    }),
  ];
}

async function isKnown({ entities }: DeliveryDeps, ctx: Ctx, entityRef: string): Promise<boolean> {
  return (await findRepositoryOf(ctx.sql, entityRef)) !== undefined || (await entities.get(ctx, entityRef)) !== undefined;
}

async function fromGit(
  { repositories }: DeliveryDeps,
  ctx: Ctx,
  o: { readonly entityRef: string; readonly name: string; readonly path: string; readonly commit: string | undefined },
): ReturnType<typeof setFromGit> {
  const repository = await findRepositoryOf(ctx.sql, o.entityRef);
  if (repository === undefined) {
    throw new NotFoundError("repository of", o.entityRef, "Give the cases as lines instead: --cases cases.jsonl.");
  }
  const ref = o.commit ?? repository.defaultBranch;
  const [found] = await repositories.log(repository.name, { ref, limit: 1 });
  if (found === undefined) throw new NotFoundError("commit", `${ref} of ${repository.name}`, "Push it first.");
  return setFromGit(repositories, ctx, { ...o, repository: repository.name, commit: found.hash });
}

/** What was judged elsewhere must be what the release holds. */
function requireSubject(release: ReleaseRow, said: string | undefined): void {
  if (said === undefined || release.digest === said || release.parts.some(({ digest }) => digest === said)) return;
  const held = release.parts.flatMap(({ kind, digest }) => (digest === undefined ? [] : [`${kind} ${digest.slice(0, 19)}`]));
  throw new InvalidError(`Release ${release.number} of ${release.entity_ref} does not hold what was evaluated.`, {
    problems: [{ at: "subjectDigest", reason: `is none of what it holds: ${held.join(", ") || "nothing with a digest"}` }],
    mend: "Evaluate what the release holds (roadbed release get), or record it for the release that holds this digest.",
  });
}
