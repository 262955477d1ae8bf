import type { PromotionState } from "@roadbed/contracts/delivery/promotions";

/** What can happen to a promotion. */
export type PromotionEvent =
  /** Every gate lets it through. */
  | "admit"
  /** An approver said no. */
  | "refuse"
  | "cancel"
  /** A newer one of the same thing to the same place, or a rollback. */
  | "supersede"
  /** It stands in Git and a deployment was asked for. */
  | "deploy"
  /** What it wanted runs and is healthy, or there is nothing to run. */
  | "succeed"
  | "fail"
  /** The rollout neither went on nor back: somebody is asked. */
  | "hold"
  /** The rollout went back by itself. */
  | "roll back";

const STAYS: Readonly<Record<PromotionEvent, undefined>> = {
  admit: undefined,
  refuse: undefined,
  cancel: undefined,
  supersede: undefined,
  deploy: undefined,
  succeed: undefined,
  fail: undefined,
  hold: undefined,
  "roll back": undefined,
};

/**
 * The whole of what a promotion can become. What has no successor stays where it is: told twice, or too late, nothing happens. Total, so that
 * whatever order a crash leaves things in, the answer is written here.
 */
export const TRANSITIONS: Readonly<Record<PromotionState, Readonly<Record<PromotionEvent, PromotionState | undefined>>>> = {
  waiting: { ...STAYS, admit: "writing", refuse: "refused", cancel: "cancelled", supersede: "superseded" },
  writing: { ...STAYS, supersede: "superseded", deploy: "deploying", succeed: "promoted", fail: "failed" },
  deploying: { ...STAYS, supersede: "superseded", succeed: "promoted", fail: "failed", hold: "held", "roll back": "rolled-back" },
  // A rollout that was held and then went on, or back.
  held: { ...STAYS, supersede: "superseded", succeed: "promoted", fail: "failed", "roll back": "rolled-back" },
  promoted: STAYS,
  failed: STAYS,
  "rolled-back": STAYS,
  refused: STAYS,
  superseded: STAYS,
  cancelled: STAYS,
};

/** The state that follows; undefined when nothing does. */
export function after(state: PromotionState, event: PromotionEvent): PromotionState | undefined {
  return TRANSITIONS[state][event];
}

/** States from which nothing follows. */
export function hasEnded(state: PromotionState): boolean {
  return Object.values(TRANSITIONS[state]).every((next) => next === undefined);
}
