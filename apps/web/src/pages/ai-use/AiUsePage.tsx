import { SegmentedControl } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";

import { getAiUse, type AiBy } from "@roadbed/contracts/telemetry/ai";
import type { OutputOf } from "@roadbed/core";
import { TimeSeries } from "../../charts/TimeSeries.tsx";
import { formatMs, formatNumber, formatShort } from "../../format/number.ts";
import { LiveNote } from "../../observe/LiveNote.tsx";
import classes from "../../observe/observe.module.css";
import { useWindowed } from "../../observe/use-windowed.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Figure, Figures } from "../../ui/Figure.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Receipt } from "../../ui/Receipt.tsx";
import { TimeRange } from "../../ui/TimeRange.tsx";
import { answerOf, BY_WORDS, formatUsd, missingWords } from "./ai-words.ts";
import { Conditions, conditionsOf } from "./Conditions.tsx";
import { columnsBy } from "./use-columns.tsx";

const route = getRouteApi("/app/ai-use");
type Use = OutputOf<typeof getAiUse>;

/** What do models use, cost and take here? By model, prompt version, agent, team; every figure opens the calls behind it. */
export function AiUsePage(): ReactNode {
  const search = route.useSearch();
  const { range, by = "model" } = search;
  const navigate = route.useNavigate();
  const change = (patch: Partial<typeof search>): void => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const asked = conditionsOf(search);
  const use = useWindowed(getAiUse, { ...asked, by, limit: 200 }, range);
  const columns = useMemo(() => columnsBy(by, search), [by, search]);
  const { data } = use;
  return (
    <Page
      title="AI use"
      state={data === undefined ? "Reading…" : answerOf(data.summary)}
      act={<TimeRange value={range} onChange={(value) => change({ range: value === "1h" ? undefined : value })} />}
    >
      <div className={classes.filters}>
        <SegmentedControl
          size="xs"
          aria-label="Put together by"
          value={by}
          onChange={(value) => change({ by: value === "model" ? undefined : (value as AiBy) })}
          data={SHOWN_BY.map((value) => ({ value, label: BY_WORDS[value] }))}
        />
        <Conditions of={asked} onClear={(key) => change({ [key]: undefined })} />
        <div className={classes.filtersEnd}>
          <LiveNote range={range} />
        </div>
      </div>
      {use.error !== null && data === undefined ? (
        <ErrorState error={use.error} retry={() => void use.refetch()} />
      ) : (
        <>
          <Headline of={data} />
          {data !== undefined && data.summary.calls > 0 && <Shape of={data} />}
          <Section title={`By ${BY_WORDS[by].toLowerCase()}`}>
            <DataTable
              label={`Use by ${BY_WORDS[by].toLowerCase()}`}
              columns={columns}
              rows={data?.items ?? []}
              rowKey={({ key }) => key}
              loading={use.isPending}
              stale={use.isPlaceholderData}
              empty={NONE}
            />
          </Section>
          {data !== undefined && data.unpriced.length > 0 && <Unpriced of={data} />}
        </>
      )}
    </Page>
  );
}

const SHOWN_BY: readonly AiBy[] = ["model", "prompt", "agent", "team", "service"];

const NONE = (
  <EmptyState compact title="No call of a model came in this time">
    Calls come as OpenTelemetry spans, from any library that makes them: send them to /v1/traces like all telemetry, or choose a longer
    time.
  </EmptyState>
);

function Headline({ of }: { readonly of: Use | undefined }): ReactNode {
  const summary = of?.summary;
  const some = summary !== undefined && summary.calls > 0;
  const receipt = (name: string, definition: string): ReactNode =>
    of === undefined ? undefined : (
      <Receipt
        of={name}
        definition={definition}
        source="Spans that call a model, and have no such call below them"
        rows={`${formatNumber(of.summary.calls)} calls`}
        query={of.query}
      />
    );
  return (
    <Figures>
      <Figure
        label="Cost"
        loading={summary === undefined}
        value={summary?.cost === undefined ? undefined : formatUsd(summary.cost)}
        state={(summary?.unpriced ?? 0) > 0 ? "warn" : undefined}
        beside={receipt(
          "Cost",
          "Tokens at the prices that held when the call was made: the organisation's own, then the published ones. What has no price is not in it.",
        )}
        note={summary === undefined ? undefined : (missingWords(summary) ?? (some ? "all calls have a price" : undefined))}
      />
      <Figure
        label="Calls"
        loading={summary === undefined}
        value={some ? formatNumber(summary.calls) : undefined}
        note={some ? `${formatNumber(summary.errors)} failed` : undefined}
      />
      <Figure
        label="Tokens in"
        loading={summary === undefined}
        value={some ? formatShort(summary.inputTokens) : undefined}
        beside={receipt("Tokens in", "What models read, with what came from caches and was written to them.")}
        note={some ? `${formatShort(summary.cacheReadTokens)} from caches` : undefined}
      />
      <Figure
        label="Tokens out"
        loading={summary === undefined}
        value={some ? formatShort(summary.outputTokens) : undefined}
        beside={receipt("Tokens out", "What models wrote, with reasoning.")}
        note={some ? `${formatShort(summary.reasoningTokens)} of reasoning` : undefined}
      />
      <Figure
        label="p95 latency"
        loading={summary === undefined}
        value={summary?.p95Ms === undefined ? undefined : formatMs(summary.p95Ms)}
        note={summary?.p50Ms === undefined ? undefined : `median ${formatMs(summary.p50Ms)}`}
      />
      <Figure
        label="p95 to the first token"
        loading={summary === undefined}
        value={summary?.ttftP95Ms === undefined ? undefined : formatMs(summary.ttftP95Ms)}
        note={summary?.ttftP50Ms === undefined ? (some ? "no call told it" : undefined) : `median ${formatMs(summary.ttftP50Ms)}`}
      />
    </Figures>
  );
}

function Shape({ of }: { readonly of: Use }): ReactNode {
  const shared = { from: Date.parse(of.from), to: Date.parse(of.to), stepMs: of.stepSeconds * 1_000, markers: [] };
  const line = (pick: (step: Use["series"][number]) => number | undefined) =>
    of.series.map((step) => ({ at: Date.parse(step.at), value: pick(step) }));
  return (
    <Section title="Over time">
      <div className={classes.charts}>
        <TimeSeries
          title="Cost"
          head={<b className={classes.chartTitle}>Cost</b>}
          series={[{ name: "cost", points: line(({ cost }) => (cost === undefined ? undefined : Number(cost))), area: true }]}
          format={(value) => formatUsd(value.toFixed(12))}
          {...shared}
        />
        <TimeSeries
          title="Tokens"
          head={<b className={classes.chartTitle}>Tokens</b>}
          series={[
            { name: "in", points: line(({ inputTokens }) => inputTokens), color: "var(--rb-series-1)" },
            { name: "out", points: line(({ outputTokens }) => outputTokens), color: "var(--rb-series-2)" },
          ]}
          format={formatShort}
          {...shared}
        />
        <TimeSeries
          title="Calls"
          head={<b className={classes.chartTitle}>Calls</b>}
          series={[{ name: "calls", points: line(({ calls }) => calls), area: true }]}
          format={formatShort}
          {...shared}
        />
      </div>
    </Section>
  );
}

function Unpriced({ of }: { readonly of: Use }): ReactNode {
  const search = route.useSearch();
  return (
    <Section title="Without a price">
      <ul>
        {of.unpriced.map(({ why, calls, tokens }) => (
          <li key={why}>
            {formatNumber(calls)} {calls === 1 ? "call" : "calls"} with {formatNumber(tokens)} tokens: {why}.
          </li>
        ))}
      </ul>
      <p>
        <Link
          to="/ai-use/calls"
          search={{ ...conditionsOf(search), ...(search.range === undefined ? {} : { range: search.range }), unpriced: true }}
        >
          These calls
        </Link>
        . A price of your own: <code>roadbed price set MODEL --input USD --output USD</code>, then{" "}
        <code>roadbed price rerate --apply true</code>.
      </p>
    </Section>
  );
}
