import { explainEntity } from "@roadbed/contracts/catalog/time";
import { handle, type Ctx, type Handler, type OutputOf } from "@roadbed/core";

import { seesHistoryOf } from "../../entity/entity-history.ts";
import { isShown } from "../../entity/get-entity.ts";
import { sayGone } from "../say-gone.ts";
import type { Standpoint, Standpoints } from "../standpoints.ts";
import { readTombstone } from "../tombstone-store.ts";
import { renamedTo } from "../renamed.ts";
import { explainPlace, type PlaceDeps } from "./explain-place.ts";
import { readQuestion } from "./read-question.ts";
import { listProblemsOf, listTroubledSources, listRefsNamed } from "./look-ups.ts";

type Answer = OutputOf<typeof explainEntity>;
export type Explanation = Omit<Answer, "what" | "understoodAs">;
export type Step = Answer["steps"][number];

/**
 * Why is it not here? Looks where a thing could have got to, in the order in which it would have come, and says where it stopped.
 * What the caller may not see was never there.
 */
export function makeExplainEntity(standpoints: Standpoints, deps: PlaceDeps): Handler {
  return handle(explainEntity, async (ctx, { what }) => {
    const now = await standpoints.at(ctx, undefined);
    const question = readQuestion(what);
    const head = { what, understoodAs: question.kind };
    if (question.kind === "reference") return { ...head, ...(await explainRef(ctx, now, question.ref)) };
    if (question.kind === "name") return { ...head, ...(await explainName(ctx, now, question.name)) };
    return { ...head, ...(await explainPlace(ctx, now, deps, question.kind === "address" ? question.address : question.path)) };
  });
}

async function explainName(ctx: Ctx, now: Standpoint, name: string): Promise<Explanation> {
  const refs = await listRefsNamed(ctx.sql, name);
  const here = refs.filter((ref) => isShown(now.catalogue, now.visible, ref) && now.catalogue.estate.get(ref));
  if (here.length > 0) {
    const steps: Step[] = [{ looked: "the catalogue", outcome: "found", detail: here.join(", ") }];
    return { verdict: "here", says: `${here.length === 1 ? "It is" : "They are"} here: ${here.join(", ")}.`, steps, refs: here };
  }
  for (const ref of refs) if (await seesHistoryOf(now.catalogue, ctx, ref)) return explainRef(ctx, now, ref);
  return explainRef(ctx, now, `component:default/${name}`);
}

async function explainRef(ctx: Ctx, now: Standpoint, ref: string): Promise<Explanation> {
  const { catalogue, visible } = now;
  const item = catalogue.estate.get(ref);
  if (item && isShown(catalogue, visible, ref)) {
    const steps: Step[] = [{ looked: "the catalogue", outcome: "found", detail: `${ref} is here`, sourceId: item.sourceId }];
    return { verdict: "here", says: `${ref} is here.`, steps, refs: [ref] };
  }
  const steps: Step[] = [{ looked: "the catalogue", outcome: "nothing", detail: `${ref} is not here` }];
  // What is hidden from the caller left no traces for them either.
  const mayKnow = item === undefined && (await seesHistoryOf(catalogue, ctx, ref));
  return (
    (mayKnow ? ((await explainRemoved(ctx, now, ref, steps)) ?? (await explainProblem(ctx, now, ref, steps))) : passOver(steps)) ??
    (await explainSources(ctx, now, ref, steps))
  );
}

function passOver(steps: Step[]): undefined {
  steps.push(NO_TOMBSTONE, NO_PROBLEM);
  return undefined;
}

const NO_TOMBSTONE: Step = { looked: "what was removed", outcome: "nothing", detail: "it was never here" };
const NO_PROBLEM: Step = { looked: "what sources refused", outcome: "nothing", detail: "no problem names it" };

async function explainRemoved(ctx: Ctx, { catalogue, visible }: Standpoint, ref: string, steps: Step[]): Promise<Explanation | undefined> {
  const says = await sayGone(catalogue, ctx, ref);
  if (says === undefined) {
    steps.push(NO_TOMBSTONE);
    return undefined;
  }
  const gone = await readTombstone(ctx.sql, ref);
  const became = gone && (await renamedTo(catalogue, ctx, gone));
  const refs = became !== undefined && isShown(catalogue, visible, became) ? [became] : [];
  const at = gone?.at.toISOString();
  steps.push({ looked: "what was removed", outcome: "stopped", detail: says, ...(at === undefined ? {} : { at }) });
  const mend = refs.length > 0 ? `Look at ${refs[0]}.` : gone ? `Restore it: roadbed entity restore ${ref}` : "Register it again.";
  return { verdict: refs.length > 0 ? "renamed" : "removed", says, steps, mend, refs };
}

async function explainProblem(ctx: Ctx, { visible }: Standpoint, ref: string, steps: Step[]): Promise<Explanation | undefined> {
  const problems = (await listProblemsOf(ctx.sql, { ref })).filter(({ sourceId }) => visible.seesSource(sourceId));
  const [first] = problems;
  if (!first) {
    steps.push(NO_PROBLEM);
    return undefined;
  }
  for (const { sourceId, sourceName, file, line, at, reason } of problems) {
    const detail = `${at === "" ? "" : `${at}: `}${reason}`;
    steps.push({ looked: `the source "${sourceName}"`, outcome: "stopped", detail, sourceId, file, ...(line === null ? {} : { line }) });
  }
  const where = `${first.file}${first.line === null ? "" : `, line ${first.line}`}`;
  const isConflict = first.reason.includes("belongs to the source");
  return {
    verdict: isConflict ? "conflict" : "refused",
    says: isConflict
      ? `Another has the name: ${first.reason}.`
      : `"${first.sourceName}" describes it in ${where}, but it was refused: ${first.at} ${first.reason}.`,
    steps,
    ...(first.mend === null ? {} : { mend: first.mend }),
    refs: [],
  };
}

/** Nothing is known of it: then what could not be read may hold it, or it has another name. */
async function explainSources(ctx: Ctx, { catalogue, visible }: Standpoint, ref: string, steps: Step[]): Promise<Explanation> {
  const { troubled, read } = await listTroubledSources(ctx.sql, visible.seesSource);
  for (const { id, name, state, error, at } of troubled) {
    const detail = state === "never" ? "it was never read to its end" : `it could not be read: ${error ?? "no reason is known"}`;
    steps.push({
      looked: `the source "${name}"`,
      outcome: "stopped",
      detail,
      sourceId: id,
      ...(at === null ? {} : { at: at.toISOString() }),
    });
  }
  steps.push({
    looked: `${read} ${read === 1 ? "source that was" : "sources that were"} read`,
    outcome: "nothing",
    detail: "none of them names it",
  });
  const near = catalogue.finder.search(ref.slice(ref.indexOf("/") + 1), 3, visible.sees).map(({ item }) => item.ref);
  const refs = [...new Set(near)];
  const [first] = troubled;
  if (first) {
    const says = `Nothing names ${ref}; but "${first.name}" ${first.state === "never" ? "was never read" : "could not be read"}, and may.`;
    return {
      verdict: first.state === "never" ? "never-read" : "unreadable-source",
      says,
      steps,
      mend: `Look at the source and read it again: roadbed source sync ${first.id}`,
      refs,
    };
  }
  const mend = refs.length > 0 ? `Did you mean ${refs[0]}?` : "Bring the place that describes it: roadbed import <folder or address>";
  return { verdict: "unknown", says: `No source that is read names ${ref}.`, steps, mend, refs };
}
