import { CircleCheck, CircleDashed, CircleX, LoaderCircle, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import classes from "./ui.module.css";
import { stateOf, type State } from "./state.ts";

const ICONS: Readonly<Record<State, LucideIcon>> = {
  ok: CircleCheck,
  warn: TriangleAlert,
  fail: CircleX,
  unknown: CircleDashed,
  busy: LoaderCircle,
};

interface Props {
  /** A state word of the contracts, e.g. `degraded`. */
  readonly word: string;
  /** Which of the five it is, where the word alone would mislead. */
  readonly state?: State | undefined;
  readonly label?: string | undefined;
  /** Why, on hover. */
  readonly title?: string | undefined;
  /** `plain` has no ground: for table cells. */
  readonly plain?: boolean;
}

/** A state in colour, icon and word; never colour alone. */
export function StateBadge({ word, state = stateOf(word), label = word, title, plain = false }: Props): ReactNode {
  const Icon = ICONS[state];
  return (
    <span className={plain ? classes.statePlain : classes.state} data-state={state} title={title}>
      <Icon size={14} aria-hidden className={state === "busy" ? classes.spin : undefined} />
      {label}
    </span>
  );
}

/** The icon alone, where the word stands beside it already. */
export function StateIcon({
  word,
  state = stateOf(word),
  size = 16,
}: {
  readonly word: string;
  readonly state?: State | undefined;
  readonly size?: number;
}): ReactNode {
  const Icon = ICONS[state];
  return (
    <Icon
      size={size}
      aria-label={word}
      role="img"
      data-state={state}
      className={`${classes.stateIcon} ${state === "busy" ? classes.spin : ""}`}
    />
  );
}
