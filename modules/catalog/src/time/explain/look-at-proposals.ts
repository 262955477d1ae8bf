import type { Ctx } from "@roadbed/core";

import { hiddenRefs } from "../../discovery/hidden-refs.ts";
import { isShown } from "../../entity/get-entity.ts";
import { keyOfAddress } from "../../source/git-address.ts";
import type { Standpoint } from "../standpoints.ts";
import type { Explanation, Step } from "./explain-entity.ts";
import { optional, pages, type Look } from "./look.ts";

interface Proposed {
  readonly id: string;
  readonly state: "open" | "accepted" | "refused";
  readonly ref: string;
  readonly acceptedRef: string | null;
  readonly repository: string;
  readonly confidence: number;
  readonly by: string | null;
  readonly at: Date;
  readonly why: string | null;
}

const MOST = 20;

/** What discovery found in repositories, and nobody accepted. */
export const proposals: Look = {
  nothing: { looked: "what discovery proposed", outcome: "nothing", detail: "no proposal is about it" },
  look: async (ctx, now, ref, steps) => explainProposed(now, await listProposed(ctx, now, ABOUT, ref), steps),
};

/** Under the name that somebody gave it, or under the one that it was found with. */
const ABOUT = `(p.ref = $1 or p.accepted_ref = $1
  or (p.kind = split_part($1, ':', 1) and lower(p.draft->'entity'->'metadata'->>'name') = split_part($1, '/', 2)))`;

/** What discovery found at an address or in a folder that no source reads. */
export async function explainProposedAt(ctx: Ctx, now: Standpoint, place: string, steps: Step[]): Promise<Explanation | undefined> {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\/|^[\w.-]+@[\w.-]+:/i.test(place);
  const condition = isAddress
    ? "p.repository = $1"
    : "p.repository in (select r.key from catalog.discovery_repository r where $1 in (r.root, r.root || '/' || r.path))";
  return explainProposed(now, await listProposed(ctx, now, condition, isAddress ? keyOfAddress(place) : place), steps);
}

function explainProposed(now: Standpoint, found: readonly Proposed[], steps: Step[]): Explanation | undefined {
  for (const one of found) steps.push(stepOf(one));
  const first = found.find(({ state }) => state === "open") ?? found.find(({ state }) => state === "refused") ?? found[0];
  if (!first) return undefined;
  const where = `Discovery found ${first.ref} in ${first.repository === "" ? "several repositories" : first.repository}`;
  const sure = `${Math.round(first.confidence * 100)} % sure`;
  const rest = { steps, link: pages.proposal(first.id, first.state), refs: [] };
  if (first.state === "open") {
    return {
      ...rest,
      verdict: "proposed",
      says: `${where} (${sure}); nobody has decided yet.`,
      mend: "Accept the proposal, or change it first.",
    };
  }
  if (first.state === "refused") {
    const by = first.by === null ? "it was refused" : `${first.by} refused it`;
    const why = first.why === null ? "" : `: ${first.why}`;
    return {
      ...rest,
      verdict: "proposal-refused",
      says: `${where} (${sure}), and ${by}${why}.`,
      mend: "Open the proposal again, then accept it.",
    };
  }
  const became = first.acceptedRef ?? first.ref;
  if (!isShown(now.catalogue, now.visible, became) || !now.catalogue.estate.get(became)) return undefined;
  return { ...rest, verdict: "renamed", says: `${where}; it was accepted as ${became}.`, mend: `Look at ${became}.`, refs: [became] };
}

function stepOf({ id, state, ref, repository, by, at, why }: Proposed): Step {
  const decided = `${state}${by === null ? "" : ` by ${by}`}${why === null ? "" : `: ${why}`}`;
  return {
    looked: "what discovery proposed",
    outcome: state === "accepted" ? "found" : "stopped",
    detail: `${ref}: ${state === "open" ? "nobody has decided yet" : decided}`,
    at: at.toISOString(),
    link: pages.proposal(id, state),
    ...optional("file", repository === "" ? undefined : repository),
  };
}

/** Proposals are for those who decide them: whoever only reads is not told. */
async function listProposed(ctx: Ctx, { catalogue }: Standpoint, condition: string, value: string): Promise<Proposed[]> {
  if (!ctx.scopes.has("catalog:write") && !ctx.scopes.has("*")) return [];
  const hidden = [...(await hiddenRefs(catalogue, ctx))];
  const { rows } = await ctx.sql.query<Record<string, unknown>>(
    `select p.id, p.state, p.ref, p.accepted_ref as "acceptedRef", p.repository, p.confidence, p.decided_by as by,
       coalesce(p.decided_at, p.updated_at) as at, p.decision_reason as why
     from catalog.proposal p where p.action = 'create' and ${condition} and not (p.ref = any($2))
     order by p.state = 'accepted', p.confidence desc, p.id limit ${MOST}`,
    [value, hidden],
  );
  return rows as unknown as Proposed[];
}
