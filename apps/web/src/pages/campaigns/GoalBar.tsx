import type { ReactNode } from "react";

import { formatPercent } from "../../format/number.ts";
import classes from "./campaigns.module.css";

interface Of {
  readonly things: number;
  readonly done: number;
  readonly goal?: number;
}

/** How much is done, with a mark where the goal is. */
export function GoalBar({ of: { things, done, goal } }: { readonly of: Of }): ReactNode {
  if (things === 0) return <span className="rb-dim">nothing to do</span>;
  const share = done / things;
  const said = `${done.toLocaleString("en")} of ${things.toLocaleString("en")}${goal === undefined ? "" : `; the goal is ${formatPercent(goal)}`}`;
  return (
    <span className={classes.row} title={said}>
      <span className={classes.track} role="img" aria-label={said}>
        <span
          style={{ width: `${100 * share}%` }}
          className={classes.fill}
          data-reached={goal === undefined ? share === 1 : share >= goal}
        />
        {goal !== undefined && goal < 1 && <span style={{ left: `${100 * goal}%` }} className={classes.goal} />}
      </span>
      <span className={classes.number}>
        {done.toLocaleString("en")} of {things.toLocaleString("en")}
      </span>
    </span>
  );
}
