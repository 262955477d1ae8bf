import {
  editProposal,
  patchProposals,
  proposalsChanged,
  proposalsDecided,
  refuseProposals,
  reopenProposals,
} from "@roadbed/contracts/catalog/proposals";
import { ConflictError, handle, InvalidError, type Handler } from "@roadbed/core";

import { validateEntity } from "../../entity/validate-entity.ts";
import type { Catalogue } from "../../estate/catalogue.ts";
import { kindsIn } from "../../kinds/kinds-in.ts";
import type { Kinds } from "../../kinds/registry.ts";
import { hiddenRefs } from "../hidden-refs.ts";
import { applyEdits, mergeEdits } from "./apply-edits.ts";
import { descriptorOf, patchFor } from "./descriptor-text.ts";
import { proposalView, type ProposalRow } from "./proposal-row.ts";
import { getProposalRow, lockProposals, proposalsById, readRenames, selectProposals, writeDecision, writeEdits } from "./proposal-store.ts";
import { materialOf } from "./settle-proposals.ts";

/** Most proposals that one refusal or one patch is about. */
const MOST = 1_000;

export function makeDecisionHandlers(catalogue: Catalogue): readonly Handler[] {
  return [makeEdit(catalogue), makeRefuse(catalogue), makeReopen(), makePatch(catalogue)];
}

function makeEdit(catalogue: Catalogue): Handler {
  return handle(editProposal, async (ctx, { id, ...change }) => {
    await lockProposals(ctx.sql);
    const hidden = await hiddenRefs(catalogue, ctx);
    const row = await getProposalRow(ctx.sql, id);
    if (row.state !== "open")
      throw new ConflictError(`The proposal is ${row.state} already.`, { mend: "Change the entity itself, or open the proposal again." });
    const edits = mergeEdits(row.edits, change);
    checkEdits(row, edits, await kindsIn(ctx.sql, catalogue.kinds));
    await writeEdits(ctx.sql, row, edits, ctx.now());
    ctx.emit(proposalsChanged, "proposals", { count: 1 });
    return proposalView(await getProposalRow(ctx.sql, id), hidden);
  });
}

/** What would be refused when it is accepted is refused now, while the person looks at it. */
function checkEdits(row: ProposalRow, edits: ProposalRow["edits"], kinds: Kinds): void {
  const entity = applyEdits(row.draft, edits);
  // A missing owner is no fault of the edit.
  const owned = { ...entity, spec: { owner: "somebody", ...entity.spec } };
  const { faults } = validateEntity(
    row.action === "complete" ? { ...owned, spec: { type: "x", lifecycle: "x", ...owned.spec } } : owned,
    kinds,
  );
  const [fault] = faults;
  if (fault) {
    throw new InvalidError(`${fault.path.join(".")}: ${fault.reason}`, {
      problems: faults.map(({ path, reason, mend }) => ({
        at: String(path.at(-1) ?? ""),
        reason,
        ...(mend === undefined ? {} : { mend }),
      })),
      ...(fault.mend === undefined ? {} : { mend: fault.mend }),
    });
  }
}

function makeRefuse(catalogue: Catalogue): Handler {
  return handle(refuseProposals, async (ctx, { ids, reason, ...query }) => {
    await lockProposals(ctx.sql);
    const { rows } = await selectProposals(ctx.sql, { ...query, ids, state: "open", limit: MOST }, await hiddenRefs(catalogue, ctx));
    const open = rows.filter(({ state }) => state === "open");
    const decisions = open.map(({ id, draft }) => ({ id, decidedOn: materialOf(draft) }));
    await writeDecision(ctx, decisions, "refused", reason ?? ctx.reason);
    if (open.length > 0) ctx.emit(proposalsDecided, "proposals", { decision: "refused", ids: open.map(({ id }) => id) });
    return { refused: open.length };
  });
}

function makeReopen(): Handler {
  return handle(reopenProposals, async (ctx, { ids }) => {
    await lockProposals(ctx.sql);
    const { rows } = await ctx.sql.query<{ id: string }>(
      `update catalog.proposal set state = 'open', decided_by = null, decided_at = null, decision_reason = null, decided_on = '{}', changes = '[]', updated_at = $2
       where id = any($1) and state = 'refused' returning id`,
      [ids, ctx.now()],
    );
    if (rows.length > 0) ctx.emit(proposalsDecided, "proposals", { decision: "reopened", ids: rows.map(({ id }) => id) });
    return { reopened: rows.length };
  });
}

function makePatch(catalogue: Catalogue): Handler {
  return handle(patchProposals, async (ctx, { ids, state = "open", ...query }) => {
    const hidden = await hiddenRefs(catalogue, ctx);
    const { rows } =
      ids === undefined
        ? await selectProposals(ctx.sql, { ...query, minConfidence: query.minConfidence ?? 0, state, limit: MOST }, hidden)
        : { rows: (await proposalsById(ctx.sql, ids)).filter(({ ref }) => !hidden.has(ref)) };
    const renames = await readRenames(ctx.sql);
    const files = new Map<string, { repository: string; file: string; rows: ProposalRow[] }>();
    const without: string[] = [];
    for (const row of rows) {
      // A repository that has a descriptor keeps its own words: what it lacks is shown with the proposal.
      if (row.draft.repository === "" || row.action === "complete") {
        without.push(row.ref);
        continue;
      }
      const file = [row.draft.entity.kind === "Component" ? row.draft.dir : "", "catalog-info.yaml"].filter(Boolean).join("/");
      const key = `${row.draft.repository}\0${file}`;
      const known = files.get(key) ?? { repository: row.draft.repository, file, rows: [] };
      known.rows.push(row);
      files.set(key, known);
    }
    const items = [...files.values()].map(({ repository, file, rows: some }) => ({
      repository,
      file,
      refs: some.map(({ ref }) => ref),
      patch: patchFor(
        file,
        descriptorOf(
          some.map((row) => applyEdits(row.draft, { ...row.edits, without: [...(row.edits.without ?? []), ...hidden] }, renames)),
        ),
      ),
    }));
    return { items, without };
  });
}
