import { getProposal } from "@roadbed/contracts/catalog/proposals";
import { handle, NotFoundError, type Handler } from "@roadbed/core";

import type { Catalogue } from "../../estate/catalogue.ts";
import { reasonOf, type Claim } from "../combine/confidence.ts";
import { hiddenRefs } from "../hidden-refs.ts";
import { applyEdits } from "./apply-edits.ts";
import { descriptorOf } from "./descriptor-text.ts";
import { proposalView } from "./proposal-row.ts";
import { getProposalRow, readRenames } from "./proposal-store.ts";

export function makeGetProposal(catalogue: Catalogue): Handler {
  return handle(getProposal, async (ctx, { id }) => {
    const hidden = await hiddenRefs(catalogue, ctx);
    const row = await getProposalRow(ctx.sql, id);
    if (hidden.has(row.ref)) throw new NotFoundError("proposal", id, "List the proposals to see their ids.");
    const { draft, edits } = row;
    // What the caller may not see is left out of the draft, not only out of the list.
    const without = [...(edits.without ?? []), ...hidden];
    const entity = applyEdits(draft, { ...edits, without }, await readRenames(ctx.sql));
    for (const field of ["owner", "system"]) if (hidden.has(String(entity.spec?.[field]))) delete entity.spec![field];
    const seen = (claims: readonly Claim<string>[]) => claims.filter(({ value }) => !hidden.has(value)).map(candidateOf);
    return {
      proposal: proposalView(row, hidden),
      entity,
      evidence: draft.evidence.map((one) => ({ ...one })),
      owners: seen(draft.owners),
      systems: seen(draft.systems),
      relations: draft.relations
        .filter(({ value }) => !hidden.has(value))
        .map((relation) => ({
          ...candidateOf(relation),
          field: relation.field,
          included: relation.included && !(edits.without ?? []).includes(relation.value),
        })),
      descriptor: descriptorOf([entity]),
    };
  });
}

function candidateOf({ value, confidence, evidence }: Claim<string>) {
  return { ref: value, confidence, reason: reasonOf(evidence), evidence: evidence.map((one) => ({ ...one })) };
}
