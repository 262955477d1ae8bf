import { explainEntity } from "@roadbed/contracts/catalog/time";
import { handle, type Ctx, type Handler, type OutputOf } from "@roadbed/core";

import { seesHistoryOf } from "../../entity/entity-history.ts";
import { isShown } from "../../entity/get-entity.ts";
import type { Standpoint, Standpoints } from "../standpoints.ts";
import { explainPlace, type PlaceDeps } from "./explain-place.ts";
import { claims, sayLosers } from "./look-at-claims.ts";
import { holds, sayGoing } from "./look-at-holds.ts";
import { problems } from "./look-at-problems.ts";
import { proposals } from "./look-at-proposals.ts";
import { quarantine, sayStale } from "./look-at-quarantine.ts";
import { removed } from "./look-at-removed.ts";
import { explainSources } from "./look-at-sources.ts";
import type { Look } from "./look.ts";
import { listRefsNamed } from "./look-ups.ts";
import { readQuestion } from "./read-question.ts";

type Answer = OutputOf<typeof explainEntity>;
export type Explanation = Omit<Answer, "what" | "understoodAs">;
export type Step = Answer["steps"][number];

/** Where a thing can have got stuck, in the order of what explains most. Sources come after all of them. */
const LOOKS: readonly Look[] = [removed, problems, quarantine, holds, claims, proposals];

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
  if (here.length === 1) return explainPresent(ctx, now, here[0]!);
  if (here.length > 1) {
    const steps: Step[] = [{ looked: "the catalogue", outcome: "found", detail: here.join(", ") }];
    return { verdict: "here", says: `They are here: ${here.join(", ")}.`, steps, refs: here };
  }
  // Of several with the name, the first whose trace says something.
  let last: Explanation | undefined;
  for (const ref of refs) {
    if (!(await seesHistoryOf(now.catalogue, ctx, ref))) continue;
    last = await explainRef(ctx, now, ref);
    if (last.verdict !== "unknown") return last;
  }
  return last ?? explainRef(ctx, now, `component:default/${name}`);
}

async function explainRef(ctx: Ctx, now: Standpoint, ref: string): Promise<Explanation> {
  const { catalogue, visible } = now;
  const item = catalogue.estate.get(ref);
  if (item && isShown(catalogue, visible, ref)) return explainPresent(ctx, now, ref);
  const steps: Step[] = [{ looked: "the catalogue", outcome: "nothing", detail: `${ref} is not here` }];
  // What is hidden from the caller left no traces for them either.
  const mayKnow = item === undefined && (await seesHistoryOf(catalogue, ctx, ref));
  for (const one of LOOKS) {
    const found = mayKnow ? await one.look(ctx, now, ref, steps) : undefined;
    if (found) return found;
    steps.push(one.nothing);
  }
  return explainSources(ctx, now, ref, steps);
}

/** It is here; what of it is not as its sources would have it is said too. */
async function explainPresent(ctx: Ctx, now: Standpoint, ref: string): Promise<Explanation> {
  const { sourceId } = now.catalogue.estate.get(ref)!;
  const steps: Step[] = [{ looked: "the catalogue", outcome: "found", detail: `${ref} is here`, sourceId }];
  const more = [await sayStale(ctx.sql, now, ref, steps), await sayGoing(ctx, now, ref, steps), await sayLosers(ctx, now, ref, steps)];
  return { verdict: "here", says: [`${ref} is here.`, ...more.filter((one) => one !== undefined)].join(" "), steps, refs: [ref] };
}
