import { hash } from "node:crypto";

import { order } from "../combine/confidence.ts";
import type { Draft } from "../combine/draft.ts";
import { proposalId, type ProposalRow } from "./proposal-row.ts";

/** What has to be written so that the stored proposals say what the drafts say. */
export interface Settlement {
  readonly added: readonly { readonly id: string; readonly draft: Draft; readonly hash: string }[];
  /** `state` and `changes` are what they are from now on. */
  readonly changed: readonly {
    readonly row: ProposalRow;
    readonly draft: Draft;
    readonly hash: string;
    readonly state: ProposalRow["state"];
    readonly changes: readonly string[];
  }[];
  /** Open ones of which nothing is found any more. */
  readonly withdrawn: readonly string[];
  readonly reopened: number;
}

/** Compares what is stored with what was found now: pure. A decision stands until something else is found than what it was made on. */
export function settleProposals(rows: readonly ProposalRow[], drafts: readonly Draft[]): Settlement {
  const known = new Map(rows.map((row) => [row.id, row]));
  const added: Settlement["added"][number][] = [];
  const changed: Settlement["changed"][number][] = [];
  let reopened = 0;
  const found = new Set<string>();
  for (const draft of drafts) {
    const id = proposalId(draft.key);
    if (found.has(id)) continue;
    found.add(id);
    const digest = hash("sha256", JSON.stringify(draft), "base64url");
    const row = known.get(id);
    if (!row) added.push({ id, draft, hash: digest });
    else if (row.draft_hash !== digest || row.changes.includes(GONE)) {
      const next = decide(row, draft);
      if (row.state === "refused" && next.state === "open") reopened++;
      changed.push({ row, draft, hash: digest, ...next });
    }
  }
  const missing = rows.filter(({ id }) => !found.has(id));
  // What was accepted stays accepted, and says that nothing speaks for it any more. People and teams are known once they are accepted:
  // nobody looks for them again.
  for (const row of missing) {
    const isKnown = row.draft.entity.kind === "Group" || row.draft.entity.kind === "User";
    if (row.state !== "accepted" || isKnown || row.changes.includes(GONE)) continue;
    changed.push({ row, draft: row.draft, hash: row.draft_hash, state: "accepted", changes: [GONE] });
  }
  return { added, changed, withdrawn: missing.filter(({ state }) => state === "open").map(({ id }) => id), reopened };
}

const GONE = "Nothing of it was found at the last reading.";

function decide(row: ProposalRow, draft: Draft): { state: ProposalRow["state"]; changes: readonly string[] } {
  if (row.state === "open") return { state: "open", changes: row.changes.filter((one) => one !== GONE) };
  if (row.state === "accepted") return { state: "accepted", changes: driftOf(row.decided_on, draft) };
  const fresh = materialOf(draft).filter((one) => !row.decided_on.includes(one));
  if (fresh.length === 0) return { state: "refused", changes: row.changes };
  const because = row.decision_reason === null ? "" : ` because "${row.decision_reason}"`;
  const when = row.decided_at === null ? "" : ` on ${row.decided_at.toISOString().slice(0, 10)}`;
  const says = fresh.map((one) => draft.evidence.find(({ group }) => `evidence ${group}` === one)?.says ?? one);
  return { state: "open", changes: [`Refused${when}${because}; since then: ${says.join(", ")}.`] };
}

/** Weaker evidence is no reason to ask again: a README or a pipeline more. */
const MATERIAL_WEIGHT = 0.3;

/** What a refusal is about: what it was taken for, and each sort of evidence for it. Lines and files may change. */
export function materialOf(draft: Draft): string[] {
  const { type } = (draft.entity.spec ?? {}) as { type?: string };
  const groups = draft.evidence.filter(({ weight }) => weight >= MATERIAL_WEIGHT).map(({ group }) => `evidence ${group}`);
  const lacks = draft.action === "complete" ? draft.relations.map(({ field, value }) => `${field} ${value}`) : [];
  return [...new Set([...groups, ...lacks, ...(type === undefined ? [] : [`type ${type}`])])].sort();
}

/** What an acceptance is about: everything that was taken over. */
export function acceptedOf(draft: Draft): string[] {
  const spec = (draft.entity.spec ?? {}) as Record<string, unknown>;
  const fields = ["owner", "system", "type"].flatMap((field) => (typeof spec[field] === "string" ? [`${field} ${spec[field]}`] : []));
  return [...fields, ...draft.relations.filter(({ included }) => included).map(({ field, value }) => `${field} ${value}`)].sort();
}

/** What is different now from what was accepted, in words with the place. */
function driftOf(accepted: readonly string[], draft: Draft): string[] {
  const now = acceptedOf(draft);
  const appeared = now.filter((one) => !accepted.includes(one) && !one.startsWith("type "));
  const vanished = accepted.filter((one) => !now.includes(one) && /^(?:dependsOn|consumesApis|providesApis) /.test(one));
  const sentences = appeared.map((one) => {
    const [field, value] = one.split(" ") as [string, string];
    const claim =
      draft.relations.find((relation) => relation.field === field && relation.value === value) ??
      (field === "owner" ? draft.owner : draft.systems[0]);
    const [reason] = claim?.evidence ?? [];
    const where = reason
      ? ` (${[reason.file, reason.file === "" ? "" : reason.line].filter((part) => part !== "").join(":")}: ${reason.says})`
      : "";
    return `${WORDS[field] ?? field} ${value}${where}.`;
  });
  return [...sentences, ...vanished.map((one) => `Not found any more: ${one}.`)].sort(order);
}

const WORDS: Readonly<Record<string, string>> = {
  dependsOn: "New dependency on",
  consumesApis: "New use of",
  providesApis: "New API",
  owner: "The owner may now be",
  system: "It may now be part of",
};
