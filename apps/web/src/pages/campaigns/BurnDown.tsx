import type { ReactNode } from "react";

import type { getCampaign } from "@roadbed/contracts/standards/campaigns";
import type { OutputOf } from "@roadbed/core";
import classes from "./campaigns.module.css";

type Known = OutputOf<typeof getCampaign>;

const [WIDTH, HEIGHT] = [760, 150];
const DAY_MS = 86_400_000;

/** What is still open, day by day, beside the straight way from the first day to the goal on the last. */
export function BurnDown({ of: { days, goal, deadline, startedAt, things } }: { readonly of: Known }): ReactNode {
  const from = Date.parse(startedAt);
  const to = Math.max(Date.parse(`${deadline}T00:00:00Z`) + DAY_MS, Date.parse(days.at(-1)?.at ?? startedAt), from + DAY_MS);
  const most = Math.max(1, ...days.map(({ open }) => open), days[0]?.open ?? 0);
  const x = (at: number): number => Math.max(0, ((at - from) / (to - from)) * WIDTH);
  const y = (open: number): number => HEIGHT - 4 - (open / most) * (HEIGHT - 12);
  const first = days[0]?.open ?? 0;
  const left = things - Math.ceil(goal * things - 1e-9);
  const points = [[0, y(first)], ...days.map(({ at, open }) => [x(Date.parse(at)), y(open)])].map(
    ([px, py]) => `${px!.toFixed(1)},${py!.toFixed(1)}`,
  );
  const said = days.length === 0 ? "nothing yet" : `${first} open on the first day, ${days.at(-1)!.open} now`;
  return (
    <>
      <svg
        className={classes.chart}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Burn-down: ${said}`}
      >
        <line className={classes.axis} x1={0} x2={WIDTH} y1={HEIGHT - 4} y2={HEIGHT - 4} />
        <line
          className={classes.ideal}
          x1={0}
          y1={y(first)}
          x2={x(Date.parse(`${deadline}T00:00:00Z`) + DAY_MS)}
          y2={y(Math.max(0, left))}
        />
        <polyline className={classes.line} points={points.join(" ")} />
        {/* A line of no length shows nothing: on the first day it is a mark. */}
        <line
          className={classes.now}
          x1={x(Date.parse(days.at(-1)?.at ?? startedAt))}
          x2={x(Date.parse(days.at(-1)?.at ?? startedAt))}
          y1={y(days.at(-1)?.open ?? 0) - 5}
          y2={y(days.at(-1)?.open ?? 0) + 5}
        />
      </svg>
      <div className={classes.foot}>
        <span>{startedAt.slice(0, 10)}</span>
        <span>{said}</span>
        <span>{deadline}</span>
      </div>
    </>
  );
}
