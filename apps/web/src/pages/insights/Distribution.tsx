import type { ReactNode } from "react";

import { formatCount, formatNumber } from "../../format/number.ts";
import classes from "./insights.module.css";
import { hoursWords } from "./words.ts";

interface Bin {
  readonly from: number;
  readonly to?: number | undefined;
  readonly count: number;
}

/** How rows are spread: a median alone hides the few that take for ever. */
export function Distribution({ of, label }: { readonly of: readonly Bin[]; readonly label: string }): ReactNode {
  const most = Math.max(1, ...of.map(({ count }) => count));
  const all = of.reduce((sum, { count }) => sum + count, 0);
  return (
    <figure className={classes.distribution} aria-label={`${label}: ${formatCount(all, "row")}`}>
      {of.map(({ from, to, count }) => (
        <div key={from} className={classes.bin}>
          <span className={classes.binName}>{to === undefined ? `over ${hoursWords(from)}` : `up to ${hoursWords(to)}`}</span>
          <span className={classes.binTrack} aria-hidden>
            <span className={classes.binFill} style={{ width: `${(count / most) * 100}%` }} />
          </span>
          <span className={classes.binCount}>{formatNumber(count)}</span>
        </div>
      ))}
    </figure>
  );
}
