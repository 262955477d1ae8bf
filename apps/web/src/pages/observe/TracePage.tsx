import { Button, Drawer } from "@mantine/core";
import { useDebouncedCallback, useMediaQuery } from "@mantine/hooks";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ChevronsDownUp, ChevronsUpDown, CircleX } from "lucide-react";
import { useEffect, useMemo, useState, type ReactNode } from "react";

import type { OutputOf } from "@roadbed/core";
import { getTrace } from "@roadbed/contracts/telemetry";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount, formatMs, formatPercent } from "../../format/number.ts";
import { LogList } from "../../observe/LogList.tsx";
import { toTree, type TreeRow } from "../../observe/waterfall/span-tree.ts";
import { SpanPanel } from "../../observe/waterfall/SpanPanel.tsx";
import { orphansOf, partsByService, sentenceOf, type ServicePart } from "../../observe/waterfall/trace-facts.ts";
import { Waterfall } from "../../observe/waterfall/Waterfall.tsx";
import classes from "../../observe/waterfall/waterfall.module.css";
import { CopyText } from "../../ui/Copy.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { fixedRange } from "../../url-state.ts";

const route = getRouteApi("/app/traces/$traceId");
type Trace = OutputOf<typeof getTrace>;

/** One request through all services: how long, where the time went, what failed. */
export function TracePage(): ReactNode {
  const { traceId } = route.useParams();
  const { at } = route.useSearch();
  const trace = useOperation(
    getTrace,
    { traceId, ...(at !== undefined && !Number.isNaN(Date.parse(at)) && { at: new Date(at).toISOString() }) },
    { keep: true },
  );
  const { data } = trace;
  const root = data?.spans[0];
  const rows = useMemo(() => toTree(data?.spans ?? []), [data?.spans]);
  return (
    <Page
      title={root === undefined ? "Trace" : `${root.service}: ${root.name}`}
      trail={<Link to="/traces">Traces</Link>}
      state={
        data !== undefined && (
          <>
            {sentenceOf(data.durationUs, rows)} Began <When at={data.at} />.
          </>
        )
      }
      act={<CopyText text={traceId} what="trace id" />}
    >
      {data !== undefined ? (
        <TraceView key={traceId} trace={data} rows={rows} />
      ) : trace.error !== null ? (
        <ErrorState error={trace.error} retry={() => void trace.refetch()} />
      ) : (
        <SkeletonRows rows={12} height={26} />
      )}
    </Page>
  );
}

const AROUND_MS = 15 * 60_000;

function TraceView({ trace, rows }: { readonly trace: Trace; readonly rows: readonly TreeRow[] }): ReactNode {
  const [selected, select] = useSelectedSpan();
  const wide = useMediaQuery("(min-width: 1100px)", true, { getInitialValueInEffect: false });
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const parts = useMemo(() => partsByService(rows), [rows]);
  const hues = useMemo(() => new Map(parts.map(({ service, hue }) => [service, hue])), [parts]);
  const row = rows.find(({ span }) => span.spanId === selected);
  const begin = Date.parse(trace.at);
  const range = fixedRange(new Date(begin - AROUND_MS), new Date(begin + trace.durationUs / 1_000 + AROUND_MS));

  const toggle = (spanId: string, open: boolean): void =>
    setClosed((old) => {
      const next = new Set(old);
      if (open) next.delete(spanId);
      else next.add(spanId);
      return next;
    });
  const reveal = (target: TreeRow): void => {
    setClosed((old) => without(old, ancestorsOf(target, rows)));
    select(target.span.spanId);
  };

  return (
    <>
      <TimeByService parts={parts} />
      <Tools rows={rows} selected={selected} closed={closed} onClosed={setClosed} onReveal={reveal} trace={trace} />
      <div className={classes.layout} data-open={row !== undefined && wide}>
        <Waterfall
          rows={rows}
          durationUs={trace.durationUs}
          hues={hues}
          selected={selected}
          onSelect={select}
          closed={closed}
          onToggle={toggle}
        />
        {row !== undefined && wide && (
          <div className={classes.panel} tabIndex={0} role="region" aria-label="The chosen span">
            <SpanPanel row={row} onClose={() => select(undefined)} />
          </div>
        )}
      </div>
      {!wide && (
        <Drawer opened={row !== undefined} onClose={() => select(undefined)} position="bottom" size="70%" title="Span">
          {row !== undefined && <SpanPanel row={row} />}
        </Drawer>
      )}
      <Section title="Logs of this trace">
        <LogList
          input={{ traceId: trace.traceId, limit: 200 }}
          oldestFirst
          range={range}
          empty={
            <EmptyState compact title="No log record names this trace">
              Records that are written inside a span carry its trace id when the service's logs go by OTLP as well.
            </EmptyState>
          }
        />
      </Section>
    </>
  );
}

/** The chosen span. It stands at once, so that a key held down moves on; the URL follows when one rests. */
function useSelectedSpan(): readonly [string | undefined, (spanId: string | undefined) => void] {
  const { span } = route.useSearch();
  const navigate = route.useNavigate();
  const [selected, setSelected] = useState(span);
  useEffect(() => setSelected(span), [span]);
  const tell = useDebouncedCallback(
    (spanId: string | undefined) => void navigate({ search: (old) => ({ ...old, span: spanId }), replace: true }),
    250,
  );
  const select = (spanId: string | undefined): void => {
    setSelected(spanId);
    tell(spanId);
  };
  return [selected, select];
}

/** Where the time went: the time each service was itself at work. */
function TimeByService({ parts }: { readonly parts: readonly ServicePart[] }): ReactNode {
  const total = parts.reduce((sum, { selfUs }) => sum + selfUs, 0);
  const shown = parts.toSorted((a, b) => b.selfUs - a.selfUs).slice(0, SHOWN_PARTS);
  return (
    <section aria-label="Time by service">
      <div className={classes.share} aria-hidden>
        {shown.map(({ service, hue, selfUs }) => (
          <i key={service} data-hue={hue} style={{ flexGrow: selfUs }} />
        ))}
      </div>
      <ul className={classes.parts}>
        {shown.map(({ service, hue, selfUs, spans, errors }) => (
          <li
            key={service}
            title={`${service} itself was at work for ${formatMs(selfUs / 1_000)} in ${formatCount(spans, "span")}; what it called is not counted.`}
          >
            <i className={classes.swatch} data-hue={hue} aria-hidden />
            {service}
            <span className="rb-dim">
              {formatMs(selfUs / 1_000)}
              {total > 0 && `, ${formatPercent(selfUs / total)}`}
            </span>
            {errors > 0 && <span data-state="fail">{formatCount(errors, "error")}</span>}
          </li>
        ))}
        {parts.length > shown.length && <li className="rb-dim">and {formatCount(parts.length - shown.length, "more service")}</li>}
      </ul>
    </section>
  );
}

const SHOWN_PARTS = 10;

interface ToolsProps {
  readonly rows: readonly TreeRow[];
  readonly selected: string | undefined;
  readonly closed: ReadonlySet<string>;
  readonly onClosed: (closed: ReadonlySet<string>) => void;
  readonly onReveal: (row: TreeRow) => void;
  readonly trace: Trace;
}

function Tools({ rows, selected, closed, onClosed, onReveal, trace }: ToolsProps): ReactNode {
  const errors = rows.filter(({ span }) => span.status === "error");
  const orphans = orphansOf(trace.spans);
  const next = (): void => {
    const at = errors.findIndex(({ span }) => span.spanId === selected);
    const row = errors[(at + 1) % errors.length];
    if (row !== undefined) onReveal(row);
  };
  return (
    <div className={classes.tools}>
      {closed.size > 0 ? (
        <Button variant="default" leftSection={<ChevronsUpDown size={14} aria-hidden />} onClick={() => onClosed(new Set())}>
          Open all
        </Button>
      ) : (
        <Button
          variant="default"
          leftSection={<ChevronsDownUp size={14} aria-hidden />}
          onClick={() => onClosed(new Set(rows.filter(({ depth, below }) => depth > 0 && below > 0).map(({ span }) => span.spanId)))}
        >
          Close all
        </Button>
      )}
      {errors.length > 0 && (
        <Button variant="default" leftSection={<CircleX size={14} aria-hidden />} onClick={next}>
          {errors.length === 1 ? "Go to the error" : "Next error"}
        </Button>
      )}
      {trace.truncated && <span data-state="warn">Only the first {formatCount(rows.length, "span")} are shown.</span>}
      {orphans > 0 && (
        <span className="rb-dim">{formatCount(orphans, "span")} without the parent they name: it has not arrived, or was not sampled.</span>
      )}
    </div>
  );
}

function ancestorsOf(row: TreeRow, rows: readonly TreeRow[]): readonly string[] {
  const byId = new Map(rows.map((one) => [one.span.spanId, one]));
  const above: string[] = [];
  for (let at = row.parent; at !== undefined; at = byId.get(at)?.parent) above.push(at);
  return above;
}

function without(set: ReadonlySet<string>, gone: readonly string[]): ReadonlySet<string> {
  return new Set([...set].filter((one) => !gone.includes(one)));
}
