import type { Run } from "@roadbed/contracts/paths";

/** What people had to do for a run beside asking for it: how long it stood still for them, and who decided. */
export interface PeoplesPart {
  readonly waitedMs: number;
  /** Each once, in the order in which they spoke. */
  readonly deciders: readonly string[];
}

/** Undefined where nobody was waited for. Approvals are asked for together, so their waits are one; a learned rule is nobody. */
export function peoplesPart(approvals: Run["approvals"]): PeoplesPart | undefined {
  const byPeople = (approvals ?? []).filter(({ automatic, decidedAt }) => automatic === undefined && decidedAt !== undefined);
  if (byPeople.length === 0) return undefined;
  const begun = Math.min(...byPeople.map(({ askedAt }) => Date.parse(askedAt)));
  const over = Math.max(...byPeople.map(({ decidedAt = "" }) => Date.parse(decidedAt)));
  const votes = byPeople.flatMap(({ votes: cast }) => cast).toSorted((a, b) => a.at.localeCompare(b.at));
  return { waitedMs: Math.max(0, over - begun), deciders: [...new Set(votes.map(({ name }) => name))] };
}
