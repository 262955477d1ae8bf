import type { ReactNode } from "react";

import { formatMs } from "../format/number.ts";
import classes from "./observe.module.css";
import { paceOf } from "./use-windowed.ts";

/** Says whether what one sees moves, and how often. `paused`: why it does not although it could. */
export function LiveNote({
  range,
  paused,
}: {
  readonly range: string | undefined;
  readonly paused?: string | false | undefined;
}): ReactNode {
  const pace = paceOf(range);
  const live = pace !== false && (paused === undefined || paused === false);
  return (
    <span className={classes.live} data-live={live}>
      <i aria-hidden />
      {live ? `Live, every ${formatMs(pace)}` : pace === false ? "A fixed time: nothing moves" : `Paused: ${String(paused)}`}
    </span>
  );
}
