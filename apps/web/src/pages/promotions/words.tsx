import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Gate, Promotion, PromotionState } from "@roadbed/contracts/delivery/promotions";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";
import { shortRef } from "../../ui/entity-kind.ts";

const TONES: Readonly<Record<PromotionState, State>> = {
  waiting: "warn",
  writing: "busy",
  deploying: "busy",
  promoted: "ok",
  failed: "fail",
  held: "warn",
  "rolled-back": "fail",
  refused: "fail",
  superseded: "unknown",
  cancelled: "unknown",
};

export function PromotionBadge({ state, plain = false }: { readonly state: PromotionState; readonly plain?: boolean }): ReactNode {
  return <StateBadge plain={plain} word={state} state={TONES[state]} label={state === "rolled-back" ? "rolled back" : state} />;
}

export const GATE_TONES: Readonly<Record<Gate["verdict"], State>> = { passed: "ok", waiting: "busy", blocked: "fail", unknown: "warn" };
export const GATE_WORDS: Readonly<Record<Gate["verdict"], string>> = {
  passed: "passed",
  waiting: "waiting",
  blocked: "blocked",
  unknown: "not evaluated",
};

/** What stands in its way, in one line; undefined when nothing does. */
export function standingInTheWay({ state, gates, error }: Pick<Promotion, "state" | "gates" | "error">): string | undefined {
  if (state !== "waiting") return error?.split("\n")[0];
  const open = gates.filter(({ verdict, overridden }) => verdict !== "passed" && overridden === undefined);
  if (gates.length === 0) return "Its gates are being looked at.";
  return open.map(({ why }) => why).join(" ");
}

/** `orders 12 to prod`, leading to the promotion. */
export function PromotionLink({ promotion: { id, entityRef, release, environment, kind } }: { readonly promotion: Promotion }): ReactNode {
  return (
    <Link to="/promotions/$id" params={{ id }}>
      {shortRef(entityRef)} {release.number} {kind === "rollback" ? "back in" : "to"} {environment}
    </Link>
  );
}
