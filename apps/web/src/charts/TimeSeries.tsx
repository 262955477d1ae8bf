import { useElementSize } from "@mantine/hooks";
import { useState, type ReactNode } from "react";

import { formatExact, formatTick } from "../format/time.ts";
import classes from "./charts.module.css";
import { nearest, stretches, timeTicks, valueTicks, type Point } from "./scale.ts";
import { useDrag } from "./use-drag.ts";

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** A CSS colour; by default one after the other of the palette. */
  readonly color?: string;
  readonly area?: boolean;
}

/** Something that happened, drawn as a line down the chart. */
export interface Marker {
  readonly at: number;
  readonly kind: "deploy" | "incident";
  readonly label: string;
  /** End of something that lasted. */
  readonly until?: number | undefined;
}

interface Props {
  readonly title: string;
  readonly series: readonly Series[];
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly format: (value: number) => string;
  readonly markers?: readonly Marker[];
  readonly height?: number;
  /** Instead of the title's row. */
  readonly head?: ReactNode;
  /** Given: dragging over the chart chooses a part of its time. */
  readonly onWindow?: (from: Date, to: Date) => void;
}

const PAD = { top: 10, right: 12, bottom: 20, left: 52 };
const COLORS = ["var(--rb-series-1)", "var(--rb-series-2)", "var(--rb-series-3)", "var(--rb-series-4)"];

/** Lines over time: axes with units, direct labels, gaps as gaps, deploys and incidents marked. */
export function TimeSeries({ title, series, from, to, stepMs, format, markers = [], height = 168, head, onWindow }: Props): ReactNode {
  const { ref, width } = useElementSize();
  const [pointer, setPointer] = useState<number | undefined>();
  const values = series.flatMap(({ points }) => points.map(({ value }) => value ?? 0));
  const ticks = valueTicks(Math.max(0, ...values));
  const top = ticks.at(-1) ?? 1;
  const inner = { width: Math.max(0, width - PAD.left - PAD.right), height: height - PAD.top - PAD.bottom };
  const x = (at: number): number => PAD.left + ((at - from) / (to - from)) * inner.width;
  const y = (value: number): number => PAD.top + inner.height - (value / top) * inner.height;
  const scale: Scale = { x, y, stepMs, base: PAD.top + inner.height, top: PAD.top };
  const visible = markers.filter(({ at, until }) => (until ?? at) >= from && at <= to);
  const empty = values.length === 0;
  const timeAt = (left: number): number => Math.min(to, Math.max(from, from + ((left - PAD.left) / inner.width) * (to - from)));
  const { dragged, handlers } = useDrag(timeAt, pointer, onWindow);

  return (
    <figure className={classes.chart} ref={ref}>
      <figcaption className={classes.caption}>
        {head ?? <span className={classes.title}>{title}</span>}
        <Legend series={series} markers={visible} />
      </figcaption>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={describe(title, series, format)}
          className={onWindow === undefined ? undefined : classes.choosable}
          onPointerMove={({ nativeEvent }) => setPointer(timeAt(nativeEvent.offsetX))}
          onPointerLeave={() => setPointer(undefined)}
          {...handlers}
        >
          {dragged !== undefined && (
            <rect
              x={x(dragged.from)}
              width={x(dragged.to) - x(dragged.from)}
              y={PAD.top}
              height={inner.height}
              className={classes.dragged}
            />
          )}
          {ticks.map((tick) => (
            <g key={tick}>
              <line x1={PAD.left} x2={width - PAD.right} y1={y(tick)} y2={y(tick)} className={classes.grid} />
              <text x={PAD.left - 8} y={y(tick) + 4} textAnchor="end" className={classes.tick}>
                {format(tick)}
              </text>
            </g>
          ))}
          {timeTicks(from, to, Math.max(2, Math.floor(inner.width / 84))).map((tick) => (
            <text key={tick} x={x(tick)} y={height - 4} textAnchor="middle" className={classes.tick}>
              {formatTick(new Date(tick), to - from)}
            </text>
          ))}
          {visible.map((marker, index) => (
            <MarkerLine key={index} marker={marker} scale={scale} />
          ))}
          {series.map((one, index) => (
            <Line key={one.name} series={one} color={one.color ?? COLORS[index % COLORS.length] ?? ""} scale={scale} />
          ))}
          {pointer !== undefined && pointer >= from && pointer <= to && (
            <line x1={x(pointer)} x2={x(pointer)} y1={PAD.top} y2={scale.base} className={classes.cursor} />
          )}
          {empty && (
            <text x={PAD.left + inner.width / 2} y={PAD.top + inner.height / 2} textAnchor="middle" className={classes.tick}>
              No data in this window
            </text>
          )}
        </svg>
      )}
      {width === 0 && <div style={{ height }} />}
      {pointer !== undefined && !empty && (
        <Reading series={series} at={pointer} stepMs={stepMs} format={format} left={x(pointer)} width={width} markers={visible} />
      )}
    </figure>
  );
}

interface Scale {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly stepMs: number;
  readonly base: number;
  readonly top: number;
}

function Line({ series, color, scale }: { series: Series; color: string; scale: Scale }): ReactNode {
  const { x, y, base } = scale;
  return stretches(series.points, scale.stepMs).map((part, index) => {
    const [first, last] = [part[0], part.at(-1)];
    if (first === undefined || last === undefined) return null;
    if (part.length === 1) return <circle key={index} cx={x(first.at)} cy={y(first.value)} r={2} fill={color} />;
    const path = part.map(({ at, value }) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("L");
    return (
      <g key={index}>
        {series.area === true && (
          <path d={`M${path}L${x(last.at).toFixed(1)} ${base}L${x(first.at).toFixed(1)} ${base}Z`} fill={color} opacity={0.12} />
        )}
        <path d={`M${path}`} fill="none" stroke={color} strokeWidth={1.6} strokeLinejoin="round" />
      </g>
    );
  });
}

function MarkerLine({ marker, scale: { x, base, top } }: { marker: Marker; scale: Scale }): ReactNode {
  const left = x(marker.at);
  return (
    <g className={marker.kind === "deploy" ? classes.deploy : classes.incident}>
      <title>{`${marker.label}, ${formatExact(new Date(marker.at))}`}</title>
      {marker.until !== undefined && (
        <rect x={left} y={top} width={Math.max(1, x(marker.until) - left)} height={base - top} className={classes.incidentBand} />
      )}
      <line x1={left} x2={left} y1={top} y2={base} />
      {marker.kind === "deploy" ? <path d={`M${left - 4} ${top - 6}h8l-4 6z`} /> : <path d={`M${left - 4} ${top - 1}l4-7 4 7z`} />}
    </g>
  );
}

function Legend({ series, markers }: { series: readonly Series[]; markers: readonly Marker[] }): ReactNode {
  const kinds = new Set(markers.map(({ kind }) => kind));
  return (
    <span className={classes.legend}>
      {series.length > 1 &&
        series.map(({ name, color }, index) => (
          <span key={name}>
            <i style={{ background: color ?? COLORS[index % COLORS.length] }} aria-hidden /> {name}
          </span>
        ))}
      {kinds.has("deploy") && <span className={classes.deployKey}>▾ deploy</span>}
      {kinds.has("incident") && <span className={classes.incidentKey}>▴ incident</span>}
    </span>
  );
}

interface ReadingProps {
  readonly series: readonly Series[];
  readonly at: number;
  readonly stepMs: number;
  readonly format: (value: number) => string;
  readonly left: number;
  readonly width: number;
  readonly markers: readonly Marker[];
}

function Reading({ series, at, stepMs, format, left, width, markers }: ReadingProps): ReactNode {
  const near = markers.filter((marker) => Math.abs(marker.at - at) < stepMs * 1.5);
  return (
    <div className={classes.reading} style={left > width / 2 ? { right: width - left + 12 } : { left: left + 12 }}>
      <div className={classes.readingTime}>{formatExact(new Date(at))}</div>
      {series.map(({ name, points, color }, index) => {
        const value = nearest(points, at, stepMs)?.value;
        return (
          <div key={name} className={classes.readingRow}>
            <i style={{ background: color ?? COLORS[index % COLORS.length] }} aria-hidden />
            <span>{name}</span>
            <b>{value === undefined ? "no data" : format(value)}</b>
          </div>
        );
      })}
      {near.map((marker, index) => (
        <div key={index} className={marker.kind === "deploy" ? classes.deployKey : classes.incidentKey}>
          {marker.label}
        </div>
      ))}
    </div>
  );
}

/** The chart in a sentence, for those who cannot see it. */
function describe(title: string, series: readonly Series[], format: (value: number) => string): string {
  const parts = series.map(({ name, points }) => {
    const values = points.flatMap(({ value }) => (value === undefined ? [] : [value]));
    if (values.length === 0) return `${name}: no data`;
    return `${name}: between ${format(Math.min(...values))} and ${format(Math.max(...values))}, last ${format(values.at(-1) ?? 0)}`;
  });
  return `${title}. ${parts.join("; ")}.`;
}
