import type { ReactNode } from "react";

import type { LedgerEntry, LedgerState } from "@roadbed/contracts/paths/ledger";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";

const STATES: Readonly<Record<LedgerState, { readonly state: State; readonly label: string; readonly why: string }>> = {
  drifted: { state: "fail", label: "drifted", why: "Files that its path keeps were changed, and nobody declared it" },
  older: { state: "warn", label: "older version", why: "Its path has moved on since" },
  deviates: { state: "warn", label: "deviates", why: "It differs knowingly, for a reason, until a day" },
  current: { state: "ok", label: "on path", why: "As its path makes it" },
  gone: { state: "unknown", label: "gone", why: "Its repository or branch is not there any more" },
};

export const STATE_ORDER: readonly LedgerState[] = ["drifted", "older", "deviates", "current", "gone"];

export function labelOf(state: LedgerState): string {
  return STATES[state].label;
}

/** How a made thing stands to its path. */
export function LedgerBadge({
  entry: { state, older, drifted },
  plain = false,
}: {
  readonly entry: Pick<LedgerEntry, "state" | "older" | "drifted">;
  readonly plain?: boolean;
}): ReactNode {
  const { state: tone, label, why } = STATES[state];
  const count = state === "drifted" ? `, ${drifted} ${drifted === 1 ? "file" : "files"}` : "";
  const also = older && state !== "older" ? ", older" : "";
  return <StateBadge plain={plain} word={state} state={tone} label={`${label}${count}${also}`} title={why} />;
}

/** `1.0.0 → 1.1.0`, or the one version there is. */
export function versionWords({ version, currentVersion, older }: Pick<LedgerEntry, "version" | "currentVersion" | "older">): string {
  if (!older) return version ?? "";
  return version === currentVersion
    ? `${version ?? "earlier"} → changed since`
    : `${version ?? "unversioned"} → ${currentVersion ?? "newer"}`;
}
