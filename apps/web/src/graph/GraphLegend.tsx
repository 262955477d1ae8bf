import type { ReactNode } from "react";

import classes from "./graph.module.css";
import type { SceneEdge } from "./group.ts";
import { colorOfRelation, KNOWN_AS, knownAs, labelOfRelation } from "./relation-style.ts";

/** What the lines mean: the stroke, then the colour, then the thickness. Only what is drawn is explained. */
export function GraphLegend({ edges }: { readonly edges: readonly SceneEdge[] }): ReactNode {
  const ways = KNOWN_AS.filter(({ key }) => edges.some(({ origins }) => knownAs(origins).key === key));
  const types = [...new Set(edges.map(({ type }) => type))].sort();
  return (
    <ul className={classes.legend} aria-label="Meaning of the lines">
      {ways.map(({ key, label, dash }) => (
        <li key={key}>
          <Sample color="var(--rb-text)" dash={dash} />
          {label}
        </li>
      ))}
      {types.map((type) => (
        <li key={type}>
          <Sample color={colorOfRelation(type)} dash="" />
          {labelOfRelation(type)}
        </li>
      ))}
      {edges.some(({ calls }) => calls !== undefined && calls > 0) && <li>thicker: more calls in 24 hours</li>}
    </ul>
  );
}

function Sample({ color, dash }: { readonly color: string; readonly dash: string }): ReactNode {
  return (
    <svg width="34" height="8" aria-hidden>
      <line x1="0" x2="28" y1="4" y2="4" stroke={color} strokeWidth="1.8" strokeDasharray={dash} />
      <path d="M27 0.5 34 4l-7 3.5z" fill={color} />
    </svg>
  );
}
