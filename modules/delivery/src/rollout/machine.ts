import type { RolloutState, RolloutStep } from "@roadbed/contracts/delivery/rollouts";

/** Where a rollout is. Traffic follows from it (`trafficOf`), and nothing else says how it is split. */
export interface Position {
  readonly state: RolloutState;
  /** Index of the step that lasts; as many as there are: all are done. */
  readonly step: number;
  readonly weight: number;
  readonly header?: { readonly name: string; readonly value?: string };
  readonly mirror?: { readonly percent: number; readonly unsafe: boolean };
}

/** What happens to a rollout: by itself (`started` to `restored`), or because somebody wants it (the last four). */
export type RolloutEvent =
  | "started"
  | "failed"
  | "elapsed"
  | "passed"
  | "regressed"
  | "undecided"
  | "tripped"
  | "completed"
  | "restored"
  | "resume"
  | "promote"
  | "hold"
  | "abort"
  | "superseded";

/** `next`: whatever step follows. `-`: it changes nothing. `refuse`: it changes nothing, and whoever asked is told. */
type Outcome = RolloutState | "next" | "-" | "refuse";

/**
 * What every event does in every state: the table is total. What is decided is carried out: nothing leads back from `promoting` and
 * `rolling-back` but their ends, and nothing out of those.
 */
export const TABLE: Readonly<Record<RolloutState, Readonly<Record<RolloutEvent, Outcome>>>> = {
  starting: {
    started: "next",
    failed: "rolling-back",
    elapsed: "-",
    passed: "-",
    regressed: "-",
    undecided: "-",
    tripped: "rolling-back",
    completed: "-",
    restored: "-",
    resume: "refuse",
    promote: "refuse",
    hold: "refuse",
    abort: "rolling-back",
    superseded: "rolling-back",
  },
  pausing: {
    started: "-",
    failed: "rolling-back",
    elapsed: "next",
    passed: "-",
    regressed: "rolling-back",
    undecided: "held",
    tripped: "rolling-back",
    completed: "-",
    restored: "-",
    resume: "next",
    promote: "promoting",
    hold: "held",
    abort: "rolling-back",
    superseded: "rolling-back",
  },
  analysing: {
    started: "-",
    failed: "rolling-back",
    elapsed: "-",
    passed: "next",
    regressed: "rolling-back",
    undecided: "held",
    tripped: "rolling-back",
    completed: "-",
    restored: "-",
    resume: "refuse",
    promote: "promoting",
    hold: "held",
    abort: "rolling-back",
    superseded: "rolling-back",
  },
  held: {
    started: "-",
    failed: "rolling-back",
    elapsed: "-",
    passed: "-",
    regressed: "rolling-back",
    undecided: "-",
    tripped: "rolling-back",
    completed: "-",
    restored: "-",
    resume: "next",
    promote: "promoting",
    hold: "refuse",
    abort: "rolling-back",
    superseded: "rolling-back",
  },
  promoting: {
    started: "-",
    failed: "rolling-back",
    elapsed: "-",
    passed: "-",
    regressed: "-",
    undecided: "-",
    tripped: "-",
    completed: "promoted",
    restored: "-",
    resume: "refuse",
    promote: "refuse",
    hold: "refuse",
    abort: "refuse",
    superseded: "-",
  },
  "rolling-back": {
    started: "-",
    failed: "-",
    elapsed: "-",
    passed: "-",
    regressed: "-",
    undecided: "-",
    tripped: "-",
    completed: "-",
    restored: "rolled-back",
    resume: "refuse",
    promote: "refuse",
    hold: "refuse",
    abort: "refuse",
    superseded: "-",
  },
  promoted: ended(),
  "rolled-back": ended(),
};

export const BEGINNING: Position = { state: "starting", step: 0, weight: 0 };

export function isOver({ state }: Pick<Position, "state">): boolean {
  return state === "promoted" || state === "rolled-back";
}

/** Whether somebody may ask for it now. */
export function may(state: RolloutState, event: RolloutEvent): boolean {
  return TABLE[state][event] !== "refuse";
}

/** Where it is after an event; the same position when the event changes nothing. */
export function follow(at: Position, steps: readonly RolloutStep[], event: RolloutEvent): Position {
  const outcome = TABLE[at.state][event];
  if (outcome === "-" || outcome === "refuse") return at;
  if (outcome === "next") return enter(at, steps, at.state === "starting" ? 0 : at.step + 1);
  if (outcome === "promoting" || outcome === "promoted") return { state: outcome, step: steps.length, weight: 100 };
  if (outcome === "rolling-back" || outcome === "rolled-back") return { state: outcome, step: at.step, weight: 0 };
  return { ...at, state: outcome };
}

/** Steps that do not last are done at once, up to one that does. After the last the release is promoted. */
function enter(at: Position, steps: readonly RolloutStep[], step: number): Position {
  const next = steps[step];
  if (next === undefined) return { state: "promoting", step: steps.length, weight: 100 };
  if (next.kind === "pause") return { ...at, state: "pausing", step };
  if (next.kind === "analysis") return { ...at, state: "analysing", step };
  if (next.kind === "weight") return enter({ ...at, weight: next.weight }, steps, step + 1);
  const { kind, ...rest } = next;
  return enter(
    kind === "header"
      ? { ...at, header: rest as NonNullable<Position["header"]> }
      : { ...at, mirror: rest as NonNullable<Position["mirror"]> },
    steps,
    step + 1,
  );
}

/** How requests are split, of 100: to the new release, and to the fresh process of the old one that it is compared with. */
export function trafficOf(at: Position, steps: readonly RolloutStep[]): { readonly candidate: number; readonly baseline: number } {
  if (at.state === "starting") return { candidate: 0, baseline: 0 };
  const compares = steps.some(({ kind }) => kind === "analysis") && !isDecidedUpon(at);
  // The same share for both, as far as there is as much left.
  return { candidate: at.weight, baseline: compares ? Math.min(at.weight, 100 - at.weight) : 0 };
}

function isDecidedUpon({ state }: Position): boolean {
  return state === "promoting" || state === "promoted" || state === "rolling-back" || state === "rolled-back";
}

function ended(): Readonly<Record<RolloutEvent, Outcome>> {
  return {
    started: "-",
    failed: "-",
    elapsed: "-",
    passed: "-",
    regressed: "-",
    undecided: "-",
    tripped: "-",
    completed: "-",
    restored: "-",
    resume: "refuse",
    promote: "refuse",
    hold: "refuse",
    abort: "refuse",
    superseded: "-",
  };
}
