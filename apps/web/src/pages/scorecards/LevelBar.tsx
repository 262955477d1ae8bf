import type { ReactNode } from "react";

import { levelColour, levelTitle, sayLevels } from "./levels.ts";
import classes from "./scorecards.module.css";

interface Props {
  readonly levels: readonly { readonly title: string }[];
  /** The first is of those below the lowest level. */
  readonly counts: readonly number[];
  /** The counts inside the bar, where there is room. */
  readonly labelled?: boolean;
}

/** How many are at which level, as one bar; said in words for those who cannot see it, and on hover. */
export function LevelBar({ levels, counts, labelled = false }: Props): ReactNode {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const said = sayLevels(levels, counts);
  if (total === 0) return <span className="rb-dim">–</span>;
  return (
    <span className={labelled ? classes.barLabelled : classes.bar} role="img" aria-label={said} title={said}>
      {counts.map(
        (count, rank) =>
          count > 0 && (
            <span key={rank} style={{ flexGrow: count, background: levelColour(rank, levels.length) }}>
              {labelled && count / total > 0.06 && count}
            </span>
          ),
      )}
    </span>
  );
}

/** Which colour is which level. */
export function LevelLegend({ levels }: Pick<Props, "levels">): ReactNode {
  return (
    <ul className={classes.legend} aria-label="Levels">
      {[0, ...levels.map((_, n) => n + 1)].map((rank) => (
        <li key={rank}>
          <span className={classes.swatch} style={{ background: levelColour(rank, levels.length) }} aria-hidden />
          {levelTitle(levels, rank)}
        </li>
      ))}
    </ul>
  );
}
