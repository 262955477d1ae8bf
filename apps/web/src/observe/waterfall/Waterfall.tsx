import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight, CircleX } from "lucide-react";
import { useEffect, useMemo, useRef, type ReactNode } from "react";

import { formatMs, formatNumber } from "../../format/number.ts";
import { openRows, type TreeRow } from "./span-tree.ts";
import { durationTicks } from "./trace-facts.ts";
import { treeKeys } from "./tree-keys.ts";
import classes from "./waterfall.module.css";

interface Props {
  readonly rows: readonly TreeRow[];
  readonly durationUs: number;
  readonly hues: ReadonlyMap<string, number>;
  readonly selected: string | undefined;
  readonly onSelect: (spanId: string) => void;
  readonly closed: ReadonlySet<string>;
  readonly onToggle: (spanId: string, open: boolean) => void;
}

const ROW_PX = 26;
const TICKS = 6;
const INDENT_PX = 14;
/** Deeper than this is drawn no further to the right: the names must stay in sight. */
const MOST_INDENTS = 14;

/** The spans of a trace as a tree over time. Only the rows in sight are drawn. */
export function Waterfall({ rows, durationUs, hues, selected, onSelect, closed, onToggle }: Props): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => openRows(rows, closed), [rows, closed]);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 16,
    scrollPaddingStart: 3 * ROW_PX,
    scrollPaddingEnd: 5 * ROW_PX,
  });
  const index = shown.findIndex(({ span }) => span.spanId === selected);
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: "auto" });
  }, [index, virtual]);
  const narrow = useMediaQuery("(max-width: 640px)", false, { getInitialValueInEffect: false });
  const ticks = durationTicks(durationUs, narrow ? 2 : TICKS);
  return (
    <div className={classes.frame}>
      <Axis ticks={ticks} durationUs={durationUs} />
      <div
        ref={box}
        className={classes.scroll}
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={index < 0 ? undefined : idOf(selected ?? "")}
        onKeyDown={treeKeys({ shown, selected, closed, select: onSelect, toggle: onToggle })}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const row = shown[item.index];
            if (row === undefined) return null;
            const { spanId } = row.span;
            return (
              <SpanLine
                key={spanId}
                row={row}
                top={item.start}
                ticks={ticks}
                durationUs={durationUs}
                labelShare={narrow ? 0.4 : 0.12}
                hue={hues.get(row.span.service) ?? 0}
                selected={spanId === selected}
                open={!closed.has(spanId)}
                onSelect={() => onSelect(spanId)}
                onToggle={() => onToggle(spanId, closed.has(spanId))}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Axis({ ticks, durationUs }: { readonly ticks: readonly number[]; readonly durationUs: number }): ReactNode {
  return (
    <div className={classes.axis} aria-hidden>
      <span className={classes.axisLabel}>Service and span</span>
      <span className={classes.axisTime}>
        {ticks.map((tick) => (
          <i key={tick} style={{ left: share(tick, durationUs) }}>
            {tick === 0 ? "0" : formatMs(tick / 1_000)}
          </i>
        ))}
      </span>
    </div>
  );
}

interface LineProps {
  readonly row: TreeRow;
  readonly top: number;
  readonly ticks: readonly number[];
  readonly durationUs: number;
  /** How much of the width a duration in words takes. */
  readonly labelShare: number;
  readonly hue: number;
  readonly selected: boolean;
  readonly open: boolean;
  readonly onSelect: () => void;
  readonly onToggle: () => void;
}

function SpanLine({
  row: { span, depth, below, errorsBelow },
  top,
  ticks,
  durationUs,
  labelShare,
  hue,
  selected,
  open,
  onSelect,
  onToggle,
}: LineProps): ReactNode {
  const failed = span.status === "error";
  const Chevron = open ? ChevronDown : ChevronRight;
  const took = formatMs(span.durationUs / 1_000);
  // Behind its bar, or before it where that leaves no room, or on it where it fills the width.
  const atEnd = (span.offsetUs + span.durationUs) / durationUs > 1 - labelShare;
  return (
    <div
      id={idOf(span.spanId)}
      className={classes.row}
      style={{ transform: `translateY(${top}px)`, height: ROW_PX }}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={selected}
      aria-expanded={below > 0 ? open : undefined}
      onClick={onSelect}
    >
      <span className={classes.label} style={{ paddingLeft: 4 + Math.min(depth, MOST_INDENTS) * INDENT_PX }}>
        <span
          className={classes.chevron}
          data-leaf={below === 0}
          onClick={(event) => {
            if (below === 0) return;
            event.stopPropagation();
            onToggle();
          }}
        >
          {below > 0 && <Chevron size={13} aria-hidden />}
        </span>
        <i className={classes.swatch} data-hue={hue} aria-hidden />
        {failed && <CircleX size={13} className={classes.failed} role="img" aria-label="failed" />}
        <span className={classes.service}>{span.service}</span>
        <span className={classes.name}>{span.name}</span>
        {!open && below > 0 && (
          <span className={classes.hidden} data-state={errorsBelow > 0 ? "fail" : undefined}>
            +{formatNumber(below)}
          </span>
        )}
      </span>
      <span className={classes.time}>
        {ticks.slice(1).map((tick) => (
          <i key={tick} className={classes.gridline} style={{ left: share(tick, durationUs) }} />
        ))}
        <i
          className={classes.bar}
          data-hue={hue}
          data-failed={failed}
          style={{ left: share(span.offsetUs, durationUs), width: share(span.durationUs, durationUs) }}
        />
        {span.events.map((event, position) => (
          <i
            key={position}
            className={classes.event}
            data-failed={event.name === "exception"}
            style={{ left: share(event.offsetUs, durationUs) }}
          />
        ))}
        <span
          className={classes.took}
          style={
            atEnd
              ? { right: `calc(100% - ${share(span.offsetUs, durationUs)} + 5px)` }
              : { left: `calc(${share(span.offsetUs + span.durationUs, durationUs)} + 5px)` }
          }
          data-inside={atEnd && span.offsetUs / durationUs < labelShare}
        >
          {took}
        </span>
      </span>
    </div>
  );
}

function share(us: number, durationUs: number): string {
  return `${durationUs > 0 ? Math.min(100, Math.max(0, (us / durationUs) * 100)) : 0}%`;
}

function idOf(spanId: string): string {
  return `span-${spanId}`;
}
