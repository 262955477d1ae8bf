import { Checkbox } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listAiCalls, type AiCall } from "@roadbed/contracts/telemetry/ai";
import { formatCount, formatMs, formatNumber } from "../../format/number.ts";
import { LiveNote } from "../../observe/LiveNote.tsx";
import classes from "../../observe/observe.module.css";
import { useWindowedPages } from "../../observe/use-windowed.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { TimeRange } from "../../ui/TimeRange.tsx";
import { When } from "../../ui/When.tsx";
import { formatUsd } from "./ai-words.ts";
import { Conditions, conditionsOf } from "./Conditions.tsx";

const route = getRouteApi("/app/ai-use/calls");
const PAGE_SIZE = 100;

/** The calls behind a figure, newest first; each leads to its trace. */
export function AiCallsPage(): ReactNode {
  const search = route.useSearch();
  const { range, unpriced, errors } = search;
  const navigate = route.useNavigate();
  const change = (patch: Partial<typeof search>): void => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const asked = conditionsOf(search);
  const list = useWindowedPages(
    listAiCalls,
    { ...asked, ...(unpriced === true && { unpriced }), ...(errors === true && { errors }), limit: PAGE_SIZE },
    range,
  );
  return (
    <Page
      title="Calls of models"
      trail={
        <Link to="/ai-use" search={{ ...asked, ...(range === undefined ? {} : { range }) }}>
          AI use
        </Link>
      }
      state={
        list.pending
          ? "Reading…"
          : `${formatCount(list.rows.length, "call")}${list.more === undefined ? "" : " and more"}, the newest first.`
      }
      act={<TimeRange value={range} onChange={(value) => change({ range: value === "1h" ? undefined : value })} />}
    >
      <div className={classes.filters}>
        <Checkbox
          label="Unpriced only"
          checked={unpriced === true}
          onChange={(event) => change({ unpriced: event.currentTarget.checked ? true : undefined })}
        />
        <Checkbox
          label="Failed only"
          checked={errors === true}
          onChange={(event) => change({ errors: event.currentTarget.checked ? true : undefined })}
        />
        <Conditions of={asked} onClear={(key) => change({ [key]: undefined })} />
        <div className={classes.filtersEnd}>
          <LiveNote range={range} paused={!list.live && "you look further back"} />
        </div>
      </div>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Calls of models"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ traceId, spanId }) => traceId + spanId}
          loading={list.pending}
          stale={list.stale}
          density="compact"
          empty={NONE}
          footer={<LoadMore shown={list.rows.length} total={undefined} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}

const NONE = (
  <EmptyState compact title="No call fits">
    Fewer conditions or a longer time may find some.
  </EmptyState>
);

const COLUMNS: readonly Column<AiCall>[] = [
  {
    id: "call",
    header: "Call",
    width: "22%",
    cell: (call) => (
      <Link
        to="/traces/$traceId"
        params={{ traceId: call.traceId }}
        search={{ at: call.at, span: call.spanId }}
        className={classes.plainLink}
        title={`${call.service}: ${call.name}`}
      >
        <span className="rb-dim">{call.service}</span> {call.responseModel ?? call.requestModel ?? call.name}
      </Link>
    ),
  },
  {
    id: "prompt",
    header: "Prompt",
    width: "13%",
    cell: ({ prompt, promptVersion }) =>
      prompt === undefined ? null : <span title={prompt}>{promptVersion === undefined ? prompt : `${prompt}@${promptVersion}`}</span>,
  },
  { id: "agent", header: "Agent", width: "12%", cell: ({ agent }) => (agent === undefined ? null : <span title={agent}>{agent}</span>) },
  { id: "in", header: "In", width: "80px", align: "right", cell: ({ inputTokens }) => formatNumber(inputTokens) },
  { id: "out", header: "Out", width: "80px", align: "right", cell: ({ outputTokens }) => formatNumber(outputTokens) },
  {
    id: "cost",
    header: "Cost",
    width: "112px",
    align: "right",
    cell: ({ cost, price, priceBook, whyUnpriced }) =>
      cost !== undefined ? (
        <span title={`${price ?? ""}, ${priceBook ?? ""}`}>{formatUsd(cost)}</span>
      ) : whyUnpriced === undefined ? (
        <span className="rb-dim">not told</span>
      ) : (
        <StateBadge plain word="unpriced" state="warn" title={whyUnpriced} />
      ),
  },
  { id: "took", header: "Took", width: "80px", align: "right", cell: ({ durationMs }) => formatMs(durationMs) },
  {
    id: "ttft",
    header: "First token",
    width: "96px",
    align: "right",
    cell: ({ ttftMs }) => (ttftMs === undefined ? null : formatMs(ttftMs)),
  },
  {
    id: "end",
    header: "Ended",
    width: "104px",
    cell: ({ status, finish }) =>
      status === "error" ? <StateBadge plain word="failed" /> : <span title="Why the model ended">{finish}</span>,
  },
  { id: "at", header: "When", width: "104px", cell: ({ at }) => <When at={at} /> },
];
