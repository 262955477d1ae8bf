import type { ReactNode } from "react";

import type { Upgrade, UpgradeItemState } from "@roadbed/contracts/paths/upgrades";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";

/** In the order of what needs somebody. */
export const ITEM_STATES: readonly UpgradeItemState[] = ["conflicting", "open", "refused", "waiting", "merged", "closed"];

const TONES: Readonly<Record<UpgradeItemState, State>> = {
  conflicting: "fail",
  open: "warn",
  refused: "fail",
  waiting: "unknown",
  merged: "ok",
  closed: "unknown",
};

export function ItemBadge({ state }: { readonly state: UpgradeItemState }): ReactNode {
  return <StateBadge plain word={state} state={TONES[state]} />;
}

export function totalOf(counts: Upgrade["counts"]): number {
  return ITEM_STATES.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}

/** `7 of 12 merged, 1 conflicting, 4 open` */
export function progressWords(counts: Upgrade["counts"]): string {
  const rest = ITEM_STATES.filter((state) => state !== "merged" && (counts[state] ?? 0) > 0).map((state) => `${counts[state]} ${state}`);
  return [`${counts.merged ?? 0} of ${totalOf(counts)} merged`, ...rest].join(", ");
}
