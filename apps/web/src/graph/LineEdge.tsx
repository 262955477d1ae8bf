import { BaseEdge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import type { ReactNode } from "react";

import classes from "./graph.module.css";
import type { Place } from "./layout.ts";
import { pathThrough } from "./lines.ts";

/** A line between two boxes that goes between the boxes it passes; its words stand above all lines. */
export function LineEdge({ sourceX, sourceY, targetX, targetY, data, style, markerEnd }: EdgeProps): ReactNode {
  const { via, words, at, faded } = data as { via: readonly Place[]; words?: string; at?: Place; faded: boolean };
  const path = pathThrough([{ x: sourceX, y: sourceY }, ...via, { x: targetX, y: targetY }]);
  return (
    <>
      <BaseEdge path={path} style={style ?? {}} {...(markerEnd === undefined ? {} : { markerEnd })} />
      {words !== undefined && at !== undefined && (
        <EdgeLabelRenderer>
          <span className={classes.words} data-faded={faded} style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}>
            {words}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
