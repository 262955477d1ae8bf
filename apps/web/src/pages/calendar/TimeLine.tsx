import type { ReactNode } from "react";

import type { CalendarItem } from "@roadbed/contracts/delivery/calendar";
import { formatExact } from "../../format/time.ts";
import { stateOf } from "../../ui/state.ts";
import classes from "./calendar.module.css";
import { daysOf, lanesOf, shareOf, type Mark, type Span } from "./lanes.ts";

interface Props {
  readonly items: readonly CalendarItem[];
  readonly environments: readonly { readonly name: string; readonly title: string }[];
  readonly span: Span;
}

const ROW_PX = 20;

/** A lane per environment: freezes as wide as they are, deployments where they were, today as a line. */
export function TimeLine({ items, environments, span }: Props): ReactNode {
  const now = new Date();
  const lanes = lanesOf(items, environments, span, now);
  const days = daysOf(span);
  const short = days.length > 8;
  const today = now >= span.from && now < span.until ? shareOf(now, span) : undefined;
  return (
    <div className={classes.scroll}>
      <div className={classes.line} role="group" aria-label="Time line; the table below says the same in words">
        <div className={classes.head}>
          <span />
          <div className={classes.days}>
            {days.map((day) => (
              <span key={day.getTime()} style={{ left: percent(shareOf(day, span)) }}>
                {day.toLocaleDateString("en-GB", short ? { weekday: "short", day: "numeric" } : { day: "numeric", month: "short" })}
              </span>
            ))}
          </div>
        </div>
        {lanes.map(({ name, title, items: marks, rows }) => (
          <div key={name} className={classes.lane}>
            <span className={classes.laneName}>{title}</span>
            <div className={classes.marks} style={{ height: rows * ROW_PX + 8 }}>
              {days.map((day) => (
                <i key={day.getTime()} className={classes.day} style={{ left: percent(shareOf(day, span)) }} />
              ))}
              {today !== undefined && <i className={classes.now} style={{ left: percent(today) }} />}
              {marks.map((mark) => (
                <MarkOf key={mark.item.id} mark={mark} />
              ))}
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}

function MarkOf({ mark: { item, left, width, row } }: { readonly mark: Mark }): ReactNode {
  const { kind, title, state, from, until, detail, link } = item;
  const words = `${title}: ${state}, ${formatExact(new Date(from))}${until === undefined || kind === "deployment" ? "" : ` to ${formatExact(new Date(until))}`}`;
  return (
    <a
      href={link}
      className={classes.mark}
      data-kind={kind}
      data-state={kind === "deployment" ? stateOf(state) : undefined}
      data-planned={item.planned}
      title={detail === undefined ? words : `${words}\n${detail}`}
      aria-label={words}
      style={{ left: percent(left), width: percent(width), top: row * ROW_PX + 4 }}
    >
      {width > 0.06 && kind !== "deployment" && title}
    </a>
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}
