import type { Entity } from "@roadbed/contracts/catalog";
import { acceptProposals, proposalsDecided } from "@roadbed/contracts/catalog/proposals";
import { ConflictError, DomainError, handle, InvalidError, type Ctx, type Handler, type Sql } from "@roadbed/core";

import { readDocuments } from "../../entity/entity-store.ts";
import { registerEntity } from "../../entity/register-entity.ts";
import { canonical, statementsOf, type Stating } from "../../entity/relations.ts";
import type { Catalogue } from "../../estate/catalogue.ts";
import { hiddenRefs } from "../hidden-refs.ts";
import type { Discoverer } from "../run/discoverer.ts";
import { PROPOSALS_SOURCE } from "../run/known-entities.ts";
import { readDefinition } from "../run/read-definition.ts";
import { applyEdits } from "./apply-edits.ts";
import { PROPOSAL_COLUMNS, type ProposalRow } from "./proposal-row.ts";
import { lockProposals, readRenames, selectProposals, writeDecision } from "./proposal-store.ts";
import { acceptedOf } from "./settle-proposals.ts";

/** Proposals become entities. What cannot be accepted is told one by one, and does not keep the others from it. */
export function makeAcceptProposals(catalogue: Catalogue, discoverer: Pick<Discoverer, "recombineSoon">): Handler {
  return handle(acceptProposals, async (ctx, { ids, ownerForRest, along, limit, ...query }) => {
    await lockProposals(ctx.sql);
    const hidden = await hiddenRefs(catalogue, ctx);
    const { rows, left } = await selectProposals(ctx.sql, { ...query, ids, limit, state: "open" }, hidden);
    const renames = await readRenames(ctx.sql);
    const owner = ownerForRest === undefined ? undefined : canonical(ownerForRest, "group", "default");
    const chosen = along ? await withReferred(ctx.sql, catalogue.kinds, rows, renames, hidden) : rows;
    const holders = await readHolders(
      ctx.sql,
      chosen.map(({ ref }) => ref),
    );

    const accepted: { id: string; ref: string; decidedOn: readonly string[] }[] = [];
    const failed: { id: string; ref: string; reason: string; mend?: string }[] = [];
    for (const row of [...chosen].sort((a, b) => rank(a) - rank(b))) {
      try {
        const entity = await withDefinition(ctx.sql, row, finish(row, renames, owner));
        const ref = await accept(catalogue, ctx, row, entity, holders.get(row.ref));
        accepted.push({ id: row.id, ref, decidedOn: acceptedOf(row.draft) });
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        failed.push({ id: row.id, ref: row.ref, reason: error.message, ...(error.mend === undefined ? {} : { mend: error.mend }) });
      }
    }
    await writeDecision(
      ctx,
      accepted.map(({ id, ref, decidedOn }) => ({ id, decidedOn, acceptedRef: ref })),
      "accepted",
      ctx.reason,
    );
    if (accepted.length > 0) {
      ctx.emit(proposalsDecided, "proposals", { decision: "accepted", ids: accepted.map(({ id }) => id) });
      // Who is in the catalogue now may be the owner of what is still open.
      discoverer.recombineSoon();
    }
    return { accepted: accepted.map(({ id, ref }) => ({ id, ref })), failed, left };
  });
}

/** Teams and people first, then what has owners, then what is made of it: so that nothing points to what comes later. */
function rank({ draft }: ProposalRow): number {
  return ["Group", "User", "System", "Resource", "API", "Component"].indexOf(draft.entity.kind);
}

/** With the open proposals that they refer to, and those these refer to. */
async function withReferred(
  sql: Sql,
  kinds: Stating,
  rows: readonly ProposalRow[],
  renames: ReadonlyMap<string, string>,
  hidden: ReadonlySet<string>,
): Promise<readonly ProposalRow[]> {
  const chosen = new Map(rows.map((row) => [row.id, row]));
  const asked = new Set(rows.map(({ ref }) => ref));
  for (let fresh = rows; fresh.length > 0;) {
    const refs = [
      ...new Set(fresh.flatMap((row) => statementsOf(applyEdits(row.draft, row.edits, renames), kinds).map(({ target }) => target))),
    ].filter((ref) => !asked.has(ref) && !hidden.has(ref));
    for (const ref of refs) asked.add(ref);
    if (refs.length === 0) break;
    const found = await sql.query<Record<string, unknown>>(
      // Another component is a thing of its own, to be looked at; teams, systems, APIs and resources only go with what names them.
      `select ${PROPOSAL_COLUMNS} from catalog.proposal where ref = any($1) and state = 'open' and action = 'create' and kind <> 'component'`,
      [refs],
    );
    fresh = found.rows as unknown as ProposalRow[];
    for (const row of fresh) chosen.set(row.id, row);
  }
  return [...chosen.values()];
}

interface Holder {
  readonly ref: string;
  readonly kind: string;
  readonly target: string;
  readonly name: string;
  readonly location: string;
}

async function readHolders(sql: Sql, refs: readonly string[]): Promise<ReadonlyMap<string, Holder>> {
  const { rows } = await sql.query<Record<string, unknown>>(
    "select e.ref, s.kind, s.target, s.name, e.location from catalog.entity e join catalog.source s on s.id = e.source_id where e.ref = any($1)",
    [refs],
  );
  return new Map((rows as unknown as Holder[]).map((holder) => [holder.ref, holder]));
}

const OWNED = new Set(["Component", "API", "Resource", "System"]);

function finish(row: ProposalRow, renames: ReadonlyMap<string, string>, ownerForRest: string | undefined): Entity {
  if (row.state === "refused") {
    throw new ConflictError(`${row.ref} was refused.`, { mend: "Open it again first." });
  }
  const entity = applyEdits(row.draft, row.edits, renames);
  if (row.action === "complete" || !OWNED.has(entity.kind) || typeof entity.spec?.owner === "string") return entity;
  if (ownerForRest !== undefined) return { ...entity, spec: { ...entity.spec, owner: ownerForRest } };
  const why = row.draft.ownerNote === undefined ? "" : `: ${row.draft.ownerNote}`;
  throw new InvalidError(`${row.ref} has no owner${why}.`, {
    mend: "Give it one, or name one for all that have none.",
    problems: [{ at: "owner", reason: "is missing" }],
  });
}

/** An API with what its file says, so that it can be read and compared. */
async function withDefinition(sql: Sql, row: ProposalRow, entity: Entity): Promise<Entity> {
  if (entity.kind !== "API" || row.action !== "create") return entity;
  const definition = await readDefinition(sql, row.draft);
  return definition === undefined ? entity : { ...entity, spec: { ...entity.spec, definition } };
}

async function accept(catalogue: Catalogue, ctx: Ctx, row: ProposalRow, entity: Entity, holder: Holder | undefined): Promise<string> {
  const isOurs = holder?.kind === "inline" && holder.target === PROPOSALS_SOURCE;
  if (row.action === "create" && row.state === "open") {
    if (holder && !isOurs) {
      throw new ConflictError(`${row.ref} is in the catalogue already, by the source "${holder.name}".`, {
        mend: "Give this one another name, or refuse it.",
      });
    }
    return (await registerEntity(catalogue, ctx, { entity, source: PROPOSALS_SOURCE })).ref;
  }
  // Something that is there gets what it lacks; all else of it stays as it is, also what somebody changed meanwhile.
  if (!holder) {
    if (row.action === "complete") throw new ConflictError(`${row.ref} is not in the catalogue.`, { mend: "Read its source first." });
    return (await registerEntity(catalogue, ctx, { entity, source: PROPOSALS_SOURCE })).ref;
  }
  if (holder.kind !== "inline") {
    throw new ConflictError(`${row.ref} is described by ${holder.location}.`, {
      mend: "Add the relations to that file: the proposal shows them as YAML.",
    });
  }
  const there = (await readDocuments(ctx.sql, [row.ref])).get(row.ref) as Entity;
  return (await registerEntity(catalogue, ctx, { entity: completed(there, entity), source: holder.target })).ref;
}

const LISTS = ["dependsOn", "consumesApis", "providesApis"];

/** `there` with the relations of `more`; an owner or system only where there is none. */
export function completed(there: Entity, more: Entity): Entity {
  const spec: Record<string, unknown> = { ...more.spec, ...there.spec };
  for (const field of LISTS) {
    const both = [there.spec?.[field], more.spec?.[field]].flatMap((list) => (Array.isArray(list) ? (list as string[]) : []));
    if (both.length > 0) spec[field] = [...new Set(both)].sort();
  }
  return { ...there, spec };
}
