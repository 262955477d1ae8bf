import type { ReactNode } from "react";

import classes from "./evaluations.module.css";

/** Between what a mean lies, on a scale, against a mark. The words beside it say the same. */
export function IntervalPicture({
  estimate,
  lower,
  upper,
  mark,
  from,
  to,
  label,
}: {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** Absent: it is held against nothing. */
  readonly mark?: number | undefined;
  readonly from: number;
  readonly to: number;
  readonly label: string;
}): ReactNode {
  const at = (value: number): number => Math.min(100, Math.max(0, ((value - from) / (to - from)) * 100));
  const verdict = mark === undefined ? undefined : lower >= mark ? "above" : upper < mark ? "below" : "open";
  const words = `${label}: ${figure(estimate)}, between ${figure(lower)} and ${figure(upper)}${mark === undefined ? "" : `, held against ${figure(mark)}`}`;
  return (
    <figure className={classes.picture} role="img" aria-label={words}>
      <span data-mark="scale" />
      <span data-mark="range" data-verdict={verdict} style={{ left: `${at(lower)}%`, width: `${Math.max(1, at(upper) - at(lower))}%` }} />
      {mark !== undefined && <span data-mark="mark" style={{ left: `${at(mark)}%` }} title={figure(mark)} />}
      <span data-mark="estimate" style={{ left: `${at(estimate)}%` }} />
    </figure>
  );
}

export function figure(value: number): string {
  return value.toFixed(3).replace(/0$/, "").replace(/0$/, "");
}

/** With its sign: a difference. */
export function change(value: number): string {
  return `${value > 0 ? "+" : ""}${figure(value)}`;
}
