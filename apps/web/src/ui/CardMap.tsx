import type { ReactNode } from "react";

import classes from "./card-map.module.css";
import type { MapLayout } from "./map-layout.ts";

interface Props {
  readonly layout: Pick<MapLayout, "width" | "height" | "lines">;
  /** Its lines are lit. */
  readonly selected: string | undefined;
  /** What the picture is of. */
  readonly label: string;
  /** The cards, each where the layout puts it. */
  readonly children: ReactNode;
}

/** Cards and the lines between them, from left to right; a picture that is too wide is scrolled in its own frame. */
export function CardMap({ layout: { width, height, lines }, selected, label, children }: Props): ReactNode {
  return (
    <div className={classes.scroll} role="group" aria-label={label} tabIndex={-1}>
      <div className={classes.map} style={{ width, height }}>
        <svg width={width} height={height} className={classes.lines} aria-hidden>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M 0 0 L 8 4 L 0 8 z" className={classes.arrow} />
            </marker>
          </defs>
          {lines.map(({ from, to, path }) => (
            <path key={`${from} ${to}`} d={path} markerEnd="url(#arrow)" data-lit={selected === from || selected === to} />
          ))}
        </svg>
        {children}
      </div>
    </div>
  );
}
