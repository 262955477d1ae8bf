import { useElementSize } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import type { TraceRow } from "@roadbed/contracts/telemetry";
import chart from "../charts/charts.module.css";
import { timeTicks } from "../charts/scale.ts";
import { useDrag } from "../charts/use-drag.ts";
import { formatMs } from "../format/number.ts";
import { formatTick } from "../format/time.ts";
import { decades, logScale } from "./log-scale.ts";
import classes from "./observe.module.css";

interface Props {
  readonly traces: readonly TraceRow[];
  /** Dragging over it chooses a part of its time. */
  readonly onWindow: (from: Date, to: Date) => void;
}

const HEIGHT = 132;
const PAD = { top: 8, right: 12, bottom: 20, left: 52 };
/** A point is taken when the mouse is within so many px. */
const NEAR_PX = 12;

/** The traces of the list by time and duration: what is odd stands apart. The table below says the same in words. */
export function TraceScatter({ traces, onWindow }: Props): ReactNode {
  const { ref, width } = useElementSize();
  const navigate = useNavigate();
  const [mouse, setMouse] = useState<{ readonly x: number; readonly y: number } | undefined>();
  const times = traces.map(({ at }) => Date.parse(at));
  const durations = traces.map(({ durationMs }) => durationMs);
  const [from, to] = [Math.min(...times), Math.max(...times) + 1];
  const [low, high] = [Math.min(...durations), Math.max(...durations)];
  const inner = { width: Math.max(1, width - PAD.left - PAD.right), height: HEIGHT - PAD.top - PAD.bottom };
  const x = (at: number): number => PAD.left + ((at - from) / (to - from)) * inner.width;
  const scale = logScale(low, high);
  const y = (ms: number): number => PAD.top + inner.height * (1 - scale(ms));
  const timeAt = (left: number): number => Math.min(to, Math.max(from, from + ((left - PAD.left) / inner.width) * (to - from)));
  const { dragged, handlers } = useDrag(timeAt, mouse === undefined ? undefined : timeAt(mouse.x), onWindow);
  const near =
    mouse === undefined ? undefined : nearestTo(mouse, traces, (trace) => ({ x: x(Date.parse(trace.at)), y: y(trace.durationMs) }));
  return (
    <figure className={classes.scatter} ref={ref}>
      {width > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`Durations of ${traces.length} traces over time, between ${formatMs(low)} and ${formatMs(high)}`}
          className={chart.choosable}
          onPointerMove={({ nativeEvent }) => setMouse({ x: nativeEvent.offsetX, y: nativeEvent.offsetY })}
          onPointerLeave={() => setMouse(undefined)}
          onClick={() => {
            if (near !== undefined && dragged === undefined)
              void navigate({ to: "/traces/$traceId", params: { traceId: near.traceId }, search: { at: near.at } });
          }}
          {...handlers}
        >
          {decades(low, high).map((tick) => (
            <g key={tick}>
              <line x1={PAD.left} x2={width - PAD.right} y1={y(tick)} y2={y(tick)} className={chart.grid} />
              <text x={PAD.left - 8} y={y(tick) + 4} textAnchor="end" className={chart.tick}>
                {formatMs(tick)}
              </text>
            </g>
          ))}
          {timeTicks(from, to, Math.max(2, Math.floor(inner.width / 90))).map((tick) => (
            <text key={tick} x={x(tick)} y={HEIGHT - 4} textAnchor="middle" className={chart.tick}>
              {formatTick(new Date(tick), to - from)}
            </text>
          ))}
          {dragged !== undefined && (
            <rect x={x(dragged.from)} width={x(dragged.to) - x(dragged.from)} y={PAD.top} height={inner.height} className={chart.dragged} />
          )}
          {traces.map((trace) => (
            <Dot
              key={trace.traceId}
              x={x(Date.parse(trace.at))}
              y={y(trace.durationMs)}
              failed={trace.errors > 0}
              near={trace.traceId === near?.traceId}
            />
          ))}
        </svg>
      )}
      {width === 0 && <div style={{ height: HEIGHT }} />}
      {near !== undefined && dragged === undefined && (
        <div
          className={classes.scatterNote}
          style={
            x(Date.parse(near.at)) > width / 2 ? { right: width - x(Date.parse(near.at)) + 12 } : { left: x(Date.parse(near.at)) + 12 }
          }
        >
          <b>{formatMs(near.durationMs)}</b> {near.rootService} {near.rootName}
          {near.errors > 0 && <span data-state="fail"> failed</span>}
        </div>
      )}
    </figure>
  );
}

/** A failed one is a cross: never colour alone. */
function Dot({
  x,
  y,
  failed,
  near,
}: {
  readonly x: number;
  readonly y: number;
  readonly failed: boolean;
  readonly near: boolean;
}): ReactNode {
  if (failed) return <path d={`M${x - 4} ${y - 4}l8 8m0 -8l-8 8`} className={classes.cross} data-near={near} />;
  return <circle cx={x} cy={y} r={near ? 5 : 3.5} className={classes.dot} />;
}

function nearestTo<T>(
  mouse: { readonly x: number; readonly y: number },
  all: readonly T[],
  place: (one: T) => { readonly x: number; readonly y: number },
): T | undefined {
  let best: T | undefined;
  let distance = NEAR_PX;
  for (const one of all) {
    const at = place(one);
    const far = Math.hypot(at.x - mouse.x, at.y - mouse.y);
    if (far <= distance) [best, distance] = [one, far];
  }
  return best;
}
