import type { ReactNode } from "react";

import type { MonthlyCost } from "@roadbed/contracts/paths/resource-classes";
import type { ProvisionedResource } from "@roadbed/contracts/paths/resources";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";

const STATES: Readonly<Record<ProvisionedResource["state"], { readonly state: State; readonly label: string }>> = {
  requested: { state: "busy", label: "requested" },
  applying: { state: "busy", label: "being made" },
  ready: { state: "ok", label: "ready" },
  failed: { state: "fail", label: "failed" },
  destroying: { state: "busy", label: "going" },
  destroyed: { state: "unknown", label: "destroyed" },
};

/** How a resource is: what was done to it, and whether it still is as it was made. */
export function ResourceBadge({ of, plain = false }: { readonly of: ProvisionedResource; readonly plain?: boolean }): ReactNode {
  const { state, label } = STATES[of.state];
  if (of.state === "ready" && of.seen === "gone")
    return <StateBadge plain={plain} word="gone" state="fail" label="gone" title={of.seenWords} />;
  if (of.state === "ready" && of.drift.length > 0) {
    return <StateBadge plain={plain} word="drifted" state="warn" label="drifted" title={of.drift.map(({ what }) => what).join(", ")} />;
  }
  return <StateBadge plain={plain} word={of.state} state={state} label={label} title={of.error} />;
}

/** `12.50 EUR`; what is not known is said so. */
export function costWords(cost: MonthlyCost | undefined): string {
  return cost === undefined ? "not known" : `${cost.amount} ${cost.currency}`;
}
