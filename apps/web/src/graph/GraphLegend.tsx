import type { ReactNode } from "react";

import classes from "./graph.module.css";
import { styleOfRelation } from "./relation-style.ts";

/** What the lines mean. */
export function GraphLegend({ types }: { readonly types: readonly string[] }): ReactNode {
  return (
    <ul className={classes.legend} aria-label="Meaning of the lines">
      {types.map((type) => {
        const { label, color, dash } = styleOfRelation(type);
        return (
          <li key={type}>
            <svg width="34" height="8" aria-hidden>
              <line x1="0" x2="28" y1="4" y2="4" stroke={color} strokeWidth="1.8" strokeDasharray={dash} />
              <path d="M27 0.5 34 4l-7 3.5z" fill={color} />
            </svg>
            {label}
          </li>
        );
      })}
    </ul>
  );
}
