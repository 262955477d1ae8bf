import type { ReactNode } from "react";

import { formatShort } from "../../format/number.ts";
import classes from "./value.module.css";

interface Driver {
  readonly input: string;
  readonly low: number;
  readonly high: number;
}

/** Which of the inputs moves the result most: worth knowing better before anything else is. */
export function Drivers({ of, label }: { readonly of: readonly Driver[]; readonly label: string }): ReactNode {
  if (of.length === 0) return <p className="rb-dim">Nothing was put in as a range, so nothing is said to be uncertain.</p>;
  const ends = of.flatMap(({ low, high }) => [low, high]);
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  const place = (value: number): number => (to === from ? 0 : (100 * (value - from)) / (to - from));
  return (
    <div className={classes.drivers} role="group" aria-label={label}>
      {of.slice(0, 8).map(({ input, low, high }) => (
        <div key={input} className={classes.driver}>
          <span className="rb-truncate" title={input}>
            {input}
          </span>
          <span className={classes.driverTrack} aria-hidden>
            <span
              className={classes.driverFill}
              style={{ left: `${place(Math.min(low, high))}%`, width: `${Math.abs(place(high) - place(low))}%` }}
            />
          </span>
          <span className={classes.driverEnds}>
            {formatShort(low)} to {formatShort(high)}
          </span>
        </div>
      ))}
    </div>
  );
}
