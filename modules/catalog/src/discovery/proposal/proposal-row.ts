import { hash } from "node:crypto";

import type { Proposal, ProposalEdits } from "@roadbed/contracts/catalog/proposals";

import { reasonOf } from "../combine/confidence.ts";
import type { Draft } from "../combine/draft.ts";
import { applyEdits, refAfter } from "./apply-edits.ts";

/** A proposal as it is stored. */
export interface ProposalRow {
  readonly id: string;
  readonly key: string;
  readonly action: Draft["action"];
  readonly state: Proposal["state"];
  readonly ref: string;
  readonly draft: Draft;
  readonly draft_hash: string;
  readonly edits: ProposalEdits;
  readonly decided_on: readonly string[];
  readonly changes: readonly string[];
  readonly accepted_ref: string | null;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly decision_reason: string | null;
  readonly updated_at: Date;
}

export const PROPOSAL_COLUMNS =
  "id, key, action, state, ref, draft, draft_hash, edits, decided_on, changes, accepted_ref, decided_by, decided_at, decision_reason, updated_at";

/** The same for the same key, in every process and after every reading. */
export function proposalId(key: string): string {
  return `prop_${hash("sha256", key, "hex").slice(0, 26)}`;
}

/** The columns that lists are filtered by: all of them follow from the draft and what a person changed of it. */
export function columnsOf(draft: Draft, edits: ProposalEdits): { ref: string; owner: string | null; reason: string; kind: string } {
  const { spec } = applyEdits(draft, edits);
  return {
    ref: refAfter(draft, edits),
    kind: draft.entity.kind.toLowerCase(),
    owner: typeof spec?.owner === "string" ? spec.owner : null,
    reason: reasonOf(draft.evidence),
  };
}

/** As it is answered. `hidden`: references that the caller may not see. */
export function proposalView(row: ProposalRow, hidden: ReadonlySet<string>): Proposal {
  const { draft, edits } = row;
  const entity = applyEdits(draft, edits);
  const { metadata, spec = {} } = entity;
  const text = (value: unknown): string | undefined => (typeof value === "string" && !hidden.has(value) ? value : undefined);
  const owner = text(spec.owner);
  const byPerson = typeof edits.owner === "string";
  const ownerReason = byPerson ? "a person said so" : draft.owner ? reasonOf(draft.owner.evidence) : draft.ownerNote;
  return {
    id: row.id,
    action: row.action,
    state: row.state,
    kind: entity.kind.toLowerCase(),
    ref: row.accepted_ref ?? refAfter(draft, edits),
    name: metadata.name,
    ...optional("type", text(spec.type)),
    ...optional("title", metadata.title ?? profileName(spec)),
    confidence: draft.confidence,
    reason: reasonOf(draft.evidence),
    ...optional("owner", owner),
    ...optional("ownerConfidence", owner === undefined ? undefined : byPerson ? 1 : draft.owner?.confidence),
    ...optional("ownerReason", ownerReason),
    ...optional("system", text(spec.system)),
    relations: draft.relations.filter(({ value, included }) => included && !hidden.has(value)).length,
    repository: draft.repository,
    dir: draft.dir,
    edited: Object.keys(edits).sort(),
    changes: [...row.changes],
    ...optional("decidedBy", row.decided_by ?? undefined),
    ...optional("decidedAt", row.decided_at?.toISOString()),
    ...optional("decisionReason", row.decision_reason ?? undefined),
    updatedAt: row.updated_at.toISOString(),
  };
}

function profileName(spec: Record<string, unknown>): string | undefined {
  const profile = spec.profile as { displayName?: string } | undefined;
  return profile?.displayName;
}

export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
