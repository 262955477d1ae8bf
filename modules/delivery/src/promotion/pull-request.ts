import type { Gate } from "@roadbed/contracts/delivery/promotions";

import type { EnvironmentRecord } from "../environment/environment-store.ts";
import type { PromotionRow } from "./promotion-store.ts";

/** What merging itself answers. */
const BY_MERGE: ReadonlySet<string> = new Set(["approvals", "pull-request"]);

/** Whether a promotion may be proposed: everything lets it through but what merging it answers. */
export function isReady(gates: readonly Gate[]): boolean {
  return (
    gates.length > 0 &&
    gates.every(({ name, verdict, overridden }) => verdict === "passed" || overridden !== undefined || BY_MERGE.has(name))
  );
}

type Subject = Pick<PromotionRow, "entity_ref" | "number" | "title" | "from_number" | "reason" | "hotfix" | "requested_by" | "gates">;

/** What whoever merges it reads first: what comes instead of what, why, and what has to hold. */
export function bodyOf(environment: Pick<EnvironmentRecord, "title" | "name">, rows: readonly Subject[]): string {
  const parts = rows.map((row) => [sentenceOf(row), ...row.gates.filter(({ name }) => !BY_MERGE.has(name)).map(gateLine)].join("\n"));
  const end = `Merging it is your approval: its release goes to ${environment.title} then. Every gate is asked once more at that moment. Closing it refuses it.`;
  return [...parts, end].join("\n\n");
}

function sentenceOf({ entity_ref, number, title, from_number, reason, hotfix, requested_by }: Subject): string {
  const instead = from_number === null ? "" : from_number === number ? "" : ` instead of release ${from_number}`;
  const why = reason === null ? "" : `: ${reason}`;
  return `${entity_ref}: release ${number} (${title})${instead}, asked for by ${requested_by}${hotfix ? " as a hotfix" : ""}${why}`;
}

function gateLine({ title, verdict, why, overridden }: Gate): string {
  return `- ${title}: ${overridden === undefined ? verdict : `${verdict}, let pass by ${overridden.by}`}. ${why}`;
}
