import { Link } from "@tanstack/react-router";
import { useMemo, useState, type ReactNode } from "react";

import { listLogs } from "@roadbed/contracts/telemetry";
import type { InputOf, OutputOf } from "@roadbed/core";
import { formatClock, formatExact, formatMoment } from "../format/time.ts";
import { LoadMore } from "../table/LoadMore.tsx";
import { CopyText } from "../ui/Copy.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { ErrorState } from "../ui/ErrorState.tsx";
import { Facts } from "../ui/Facts.tsx";
import { SkeletonRows } from "../ui/Loaded.tsx";
import { windowOf } from "../url-state.ts";
import classes from "./logs.module.css";
import { keyRows, toneOf } from "./log-rows.ts";
import { useWindowedPages, type WindowedPages } from "./use-windowed.ts";

type LogRow = OutputOf<typeof listLogs>["items"][number];
type LogQuestion = Omit<InputOf<typeof listLogs>, "cursor" | "from" | "to">;

interface Props {
  readonly input: LogQuestion;
  readonly range: string | undefined;
  /** Read like a story, where all of it fits on one page. */
  readonly oldestFirst?: boolean;
  readonly empty?: ReactNode;
}

/** The newest log records that fit. */
export function LogList({ input, range, oldestFirst = false, empty }: Props): ReactNode {
  const list = useWindowedPages(listLogs, input, range);
  return (
    <LogRecords
      list={oldestFirst ? { ...list, rows: list.rows.toReversed() } : list}
      withService={input.service === undefined}
      withDay={windowOf(range, 0).ms > DAY_MS}
      empty={empty}
    />
  );
}

const DAY_MS = 86_400_000;

interface RecordsProps {
  readonly list: WindowedPages<LogRow>;
  readonly withService: boolean;
  /** The window is longer than a day: the clock alone would mislead. */
  readonly withDay: boolean;
  /** Show how much there is, and fetch more. */
  readonly paged?: boolean;
  readonly empty?: ReactNode;
}

/** Log records, newest first; a record opens to its attributes and its trace. */
export function LogRecords({ list, withService, withDay, paged = false, empty }: RecordsProps): ReactNode {
  const [open, setOpen] = useState<string | undefined>();
  const keyed = useMemo(() => keyRows(list.rows), [list.rows]);
  if (list.error !== null && list.rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  if (list.pending) return <SkeletonRows rows={8} height={26} />;
  if (list.rows.length === 0) {
    return (
      empty ?? (
        <EmptyState compact title="No log record fits">
          Log records come by OTLP to <code>/v1/logs</code>. Choose a longer time, a lower severity or other words.
        </EmptyState>
      )
    );
  }
  return (
    <>
      <ol className={classes.logs} aria-label="Log records" data-stale={list.stale}>
        {keyed.map(({ key, row }) => (
          <Record
            key={key}
            row={row}
            opened={open === key}
            onToggle={() => setOpen(open === key ? undefined : key)}
            withService={withService}
            withDay={withDay}
          />
        ))}
      </ol>
      {paged && (
        <div className={classes.foot}>
          <LoadMore shown={list.rows.length} total={undefined} more={list.more} loading={list.loadingMore} />
        </div>
      )}
    </>
  );
}

interface RecordProps {
  readonly row: LogRow;
  readonly opened: boolean;
  readonly onToggle: () => void;
  readonly withService: boolean;
  readonly withDay: boolean;
}

function Record({ row, opened, onToggle, withService, withDay }: RecordProps): ReactNode {
  const at = new Date(row.at);
  return (
    <li data-tone={toneOf(row.severity)}>
      <button type="button" className={classes.line} onClick={onToggle} aria-expanded={opened}>
        <time dateTime={row.at} title={formatExact(at)}>
          {withDay ? `${formatMoment(at)}:${String(at.getSeconds()).padStart(2, "0")}` : formatClock(at)}
        </time>
        <span className={classes.severity}>{row.severity}</span>
        {withService && <span className={classes.service}>{row.service}</span>}
        <span className={classes.body}>{row.body}</span>
      </button>
      {opened && (
        <div className={classes.detail}>
          <Facts
            of={[
              ["At", formatExact(at)],
              [
                "Service",
                <Link key="service" to="/observe/services/$service" params={{ service: row.service }}>
                  {row.service}
                </Link>,
              ],
              [
                "Trace",
                row.traceId === undefined ? undefined : (
                  <Link
                    key="trace"
                    to="/traces/$traceId"
                    params={{ traceId: row.traceId }}
                    search={{ at: row.at, ...(row.spanId !== undefined && { span: row.spanId }) }}
                  >
                    <span className="rb-mono">{row.traceId}</span>
                  </Link>
                ),
              ],
              ...Object.entries(row.attributes).map(([key, value]) => [key, <CopyText key={key} text={value} what={key} />] as const),
            ]}
          />
        </div>
      )}
    </li>
  );
}
