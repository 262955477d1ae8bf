import { useElementSize } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { formatCount, formatPercent } from "../format/number.ts";
import { errorRateOf, type Neighbour } from "./calls.ts";
import classes from "./calls.module.css";
import { stateOfErrors } from "./error-state.ts";

interface Props {
  readonly service: string;
  readonly callers: readonly Neighbour[];
  readonly callees: readonly Neighbour[];
}

/** The tables below show all. */
const SHOWN = 8;
const ROW = 34;
const MIN_WIDTH = 560;

/** Callers at the left, the service in the middle, what it calls at the right; wider lines carry more calls. */
export function CallPicture({ service, callers, callees }: Props): ReactNode {
  const { ref, width } = useElementSize();
  const [left, right] = [callers.slice(0, SHOWN), callees.slice(0, SHOWN)];
  const height = Math.max(left.length, right.length, 1) * ROW;
  const most = Math.max(...[...left, ...right].map(({ requests }) => requests), 1);
  const column = Math.min(220, width * 0.27);
  const middle = { x1: width / 2 - column / 2, x2: width / 2 + column / 2, y: height / 2 };
  const yOf = (index: number, count: number): number => height / 2 + (index - (count - 1) / 2) * ROW;
  return (
    <div ref={ref} className={classes.frame}>
      {width >= MIN_WIDTH && (
        <div className={classes.picture} style={{ height }} role="group" aria-label={`Calls around ${service}`}>
          <svg width={width} height={height} aria-hidden>
            {left.map((one, index) => (
              <Flow key={one.service} of={one} most={most} from={[column, yOf(index, left.length)]} to={[middle.x1, middle.y]} />
            ))}
            {right.map((one, index) => (
              <Flow key={one.service} of={one} most={most} from={[middle.x2, middle.y]} to={[width - column, yOf(index, right.length)]} />
            ))}
          </svg>
          {left.map((one, index) => (
            <Node key={one.service} of={one} left={0} width={column} y={yOf(index, left.length)} />
          ))}
          <span className={classes.center} style={{ left: middle.x1, width: column, top: middle.y }}>
            {service}
          </span>
          {right.map((one, index) => (
            <Node key={one.service} of={one} left={width - column} width={column} y={yOf(index, right.length)} />
          ))}
        </div>
      )}
    </div>
  );
}

function Node({
  of,
  left,
  width,
  y,
}: {
  readonly of: Neighbour;
  readonly left: number;
  readonly width: number;
  readonly y: number;
}): ReactNode {
  const rate = errorRateOf(of);
  return (
    <Link
      to="/observe/services/$service"
      params={{ service: of.service }}
      className={classes.node}
      style={{ left, width, top: y }}
      title={`${of.service}: ${formatCount(of.requests, "call")}${rate === undefined ? "" : `, ${formatPercent(rate)} failed`}`}
    >
      {of.service}
    </Link>
  );
}

interface FlowProps {
  readonly of: Neighbour;
  readonly most: number;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** Failing calls are red and dashed: never colour alone. */
function Flow({ of, most, from: [x1, y1], to: [x2, y2] }: FlowProps): ReactNode {
  const rate = errorRateOf(of) ?? 0;
  const bend = (x2 - x1) / 2;
  return (
    <path
      d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
      className={classes.flow}
      data-state={stateOfErrors(rate)}
      strokeWidth={1 + 5 * Math.sqrt(of.requests / most)}
    />
  );
}
