import type { Ctx } from "@roadbed/core";

import { showHold } from "../../source/show-source.ts";
import type { Hold } from "../../source/hold-store.ts";
import type { Standpoint } from "../standpoints.ts";
import type { Explanation, Step } from "./explain-entity.ts";
import { pages, type Look } from "./look.ts";

/** A run that waits for a person: what it would bring is not here, what it would take is. */
interface Waiting {
  readonly sourceId: string;
  readonly sourceName: string;
  readonly hold: Hold;
}

/** What a run would bring that waits for a decision. */
export const holds: Look = {
  nothing: { looked: "runs that wait for a decision", outcome: "nothing", detail: "none of them would bring it" },
  look: async (ctx, now, ref, steps) => {
    const waiting = await listWaiting(ctx, now);
    const bringing = waiting.find(({ hold }) => hold.samples.added.includes(ref));
    if (bringing)
      return explainHeld(bringing, steps, `"${bringing.sourceName}" describes it, but the run that would bring it waits for a decision`);
    // Only the first of what it would bring are told by name.
    const perhaps = waiting.find(({ hold }) => hold.added > hold.samples.added.length);
    if (!perhaps) return undefined;
    return explainHeld(
      perhaps,
      steps,
      `A run of "${perhaps.sourceName}" that would bring ${perhaps.hold.added} entities waits for a decision; this may be one of them`,
    );
  },
};

/** What is here, and would go if a run that waits were let. */
export async function sayGoing(ctx: Ctx, now: Standpoint, ref: string, steps: Step[]): Promise<string | undefined> {
  const going = (await listWaiting(ctx, now)).find(({ hold }) => hold.samples.removed.includes(ref));
  if (!going) return undefined;
  steps.push(stepOf(going, "it would be removed"));
  return `"${going.sourceName}" names it no more; the run that would remove it waits for a decision. ${mendOf(going)}`;
}

/** A source whose last run waits: what it would bring is not here yet. */
export async function explainHeldSource(ctx: Ctx, now: Standpoint, sourceId: string, steps: Step[]): Promise<Explanation | undefined> {
  const one = (await listWaiting(ctx, now)).find((waiting) => waiting.sourceId === sourceId);
  return one && explainHeld(one, steps, `The last run of "${one.sourceName}" waits for a decision, and has changed nothing`);
}

function explainHeld(one: Waiting, steps: Step[], says: string): Explanation {
  steps.push(stepOf(one, "the run has changed nothing"));
  return {
    verdict: "held",
    says: `${says}: ${one.hold.reason}.`,
    steps,
    mend: mendOf(one),
    link: pages.source(one.sourceId),
    refs: [],
  };
}

function mendOf({ sourceId }: Waiting): string {
  return `Let it go on: roadbed source approve ${sourceId} (or keep what is here: roadbed source reject ${sourceId})`;
}

function stepOf({ sourceId, sourceName, hold }: Waiting, what: string): Step {
  return {
    looked: `the run of "${sourceName}" that waits for a decision`,
    outcome: "stopped",
    detail: `${what}: ${hold.reason}`,
    at: hold.at,
    sourceId,
    link: pages.source(sourceId),
  };
}

async function listWaiting(ctx: Ctx, { catalogue, visible }: Standpoint): Promise<Waiting[]> {
  const { rows } = await ctx.sql.query<{ sourceId: string; sourceName: string; at: Date } & Omit<Hold, "at">>(
    `select h.source_id as "sourceId", s.name as "sourceName", h.at, h.reason, h.owned, h.added, h.changed, h.removed, h.samples
     from catalog.source_hold h join catalog.source s on s.id = h.source_id order by h.at desc, h.source_id limit 100`,
  );
  return rows
    .filter(({ sourceId }) => visible.seesSource(sourceId))
    .map(({ sourceId, sourceName, at, ...rest }) => ({
      sourceId,
      sourceName,
      hold: showHold(catalogue, visible, { ...rest, at: at.toISOString() }),
    }));
}
