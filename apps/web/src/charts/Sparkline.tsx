import type { ReactNode } from "react";

import { stretches, type Point } from "./scale.ts";

interface Props {
  readonly points: readonly Point[];
  readonly stepMs: number;
  readonly label: string;
  readonly width?: number;
  readonly height?: number;
  readonly color?: string;
  /** The time that the width stands for; by default from the first point to the last. */
  readonly from?: number;
  readonly to?: number;
}

/** A line without axes: the shape of the last hour, beside its figure. */
export function Sparkline({ points, stepMs, label, width = 96, height = 22, color = "var(--rb-series-1)", ...bounds }: Props): ReactNode {
  const parts = stretches(points, stepMs);
  const all = parts.flat();
  const [from, to] = [bounds.from ?? all[0]?.at ?? 0, bounds.to ?? all.at(-1)?.at ?? 1];
  const max = Math.max(...all.map(({ value }) => value), 1e-9);
  const x = (at: number): number => (to === from ? width : ((at - from) / (to - from)) * (width - 2) + 1);
  const y = (value: number): number => height - 2 - (value / max) * (height - 4);
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      style={{ display: "block", maxWidth: "100%" }}
    >
      {parts.map((part, index) => {
        const [only] = part;
        if (part.length === 1 && only !== undefined) return <circle key={index} cx={x(only.at)} cy={y(only.value)} r={1.3} fill={color} />;
        return (
          <path
            key={index}
            d={`M${part.map(({ at, value }) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("L")}`}
            fill="none"
            stroke={color}
            strokeWidth={1.4}
            strokeLinejoin="round"
          />
        );
      })}
    </svg>
  );
}
