import type { ReactNode } from "react";

import { formatShort } from "../../format/number.ts";
import classes from "./value.module.css";

interface Point {
  readonly month: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

const SIZE = { width: 720, height: 240, left: 72, right: 12, top: 12, bottom: 24 };

/** What was won less what was spent, month by month: the middle draw, and between what eight of ten lie. */
export function FanChart({ of, label }: { readonly of: readonly Point[]; readonly label: string }): ReactNode {
  const last = of.at(-1)?.month ?? 1;
  const [low, high] = [Math.min(0, ...of.map(({ p10 }) => p10)), Math.max(0, ...of.map(({ p90 }) => p90))];
  const span = high - low === 0 ? 1 : high - low;
  const x = (month: number): number => SIZE.left + (month / last) * (SIZE.width - SIZE.left - SIZE.right);
  const y = (value: number): number => SIZE.top + ((high - value) / span) * (SIZE.height - SIZE.top - SIZE.bottom);
  const line = (points: readonly (readonly [number, number])[]): string =>
    points.map(([month, value]) => `${x(month)},${y(value)}`).join(" ");
  const fan = line([
    ...of.map(({ month, p90 }) => [month, p90] as const),
    ...of.toReversed().map(({ month, p10 }) => [month, p10] as const),
  ]);
  const end = of.at(-1);
  const said = end === undefined ? label : `${label}: after ${last} months between ${formatShort(end.p10)} and ${formatShort(end.p90)}`;
  return (
    <figure className={classes.fan}>
      <figcaption>{label}</figcaption>
      <svg viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} role="img" aria-label={said}>
        <polygon points={fan} className={classes.band} />
        <polyline points={line(of.map(({ month, p50 }) => [month, p50] as const))} className={classes.middle} />
        <line x1={SIZE.left} x2={SIZE.width - SIZE.right} y1={y(0)} y2={y(0)} className={classes.zero} />
        {[...new Set([low, 0, high])].map((value) => (
          <text key={value} x={SIZE.left - 8} y={y(value) + 4} textAnchor="end" className={classes.tick}>
            {formatShort(value)}
          </text>
        ))}
        {[0, 12, 24, 36, 48, 60].map((month) => (
          <text key={month} x={x(month)} y={SIZE.height - 6} textAnchor="middle" className={classes.tick}>
            {month === 0 ? "now" : `${month / 12} y`}
          </text>
        ))}
      </svg>
    </figure>
  );
}
