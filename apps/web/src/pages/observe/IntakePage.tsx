import type { ReactNode } from "react";

import { listSenders, type Sender } from "@roadbed/contracts/telemetry/senders";
import { LIVE_MS, usePages } from "../../api/use-operation.ts";
import { formatNumber, formatShort } from "../../format/number.ts";
import { NoTelemetry } from "../../observe/SendTelemetry.tsx";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { Captures } from "./Captures.tsx";

/** Is what is sent taken? Who sends, what was refused of it and why, and whose prompts are kept. */
export function IntakePage(): ReactNode {
  const senders = usePages(listSenders, { limit: 100 }, { every: LIVE_MS });
  const refusals = senders.rows.flatMap(({ name, sender, refusals: own }) => own.map((one) => ({ ...one, name, sender })));
  const labels = senders.rows.flatMap(({ name, sender, labels: own, limits }) => own.map((one) => ({ ...one, name, sender, limits })));
  return (
    <Page title="Intake" state={senders.pending ? "Reading…" : answerOf(senders.rows)}>
      {senders.error !== null && senders.rows.length === 0 ? (
        <ErrorState error={senders.error} retry={senders.retry} />
      ) : (
        <>
          <Section title="Senders" count={senders.rows.length}>
            <DataTable
              label="Senders"
              columns={SENDERS}
              rows={senders.rows}
              rowKey={({ sender }) => sender}
              loading={senders.pending}
              sort="-seen"
              empty={<NoTelemetry what="senders" />}
              footer={<LoadMore shown={senders.rows.length} total={senders.total} more={senders.more} loading={senders.loadingMore} />}
            />
          </Section>
          {refusals.length > 0 && (
            <Section title="Refused" count={refusals.length}>
              <DataTable
                label="Refused"
                density="compact"
                columns={REFUSALS}
                rows={refusals}
                rowKey={({ sender, reason }) => `${sender} ${reason}`}
                sort="-at"
              />
            </Section>
          )}
          {labels.length > 0 && (
            <Section title="Labels with too many values" count={labels.length}>
              <DataTable
                label="Labels with too many values"
                density="compact"
                columns={LABELS}
                rows={labels}
                rowKey={({ sender, metric, label }) => `${sender} ${metric} ${label}`}
                sort="-at"
              />
            </Section>
          )}
        </>
      )}
      <Captures />
    </Page>
  );
}

function answerOf(senders: readonly Sender[]): string {
  if (senders.length === 0) return "Nobody has sent telemetry yet";
  const refused = senders.filter(({ refusedRequests, refusedRows }) => refusedRequests + refusedRows > 0).length;
  const capped = senders.reduce((sum, { labels }) => sum + labels.length, 0);
  const parts = [
    `${formatNumber(senders.length)} ${senders.length === 1 ? "sender" : "senders"}`,
    refused === 0 ? "nothing was refused" : `something of ${formatNumber(refused)} was refused`,
    ...(capped === 0 ? [] : [`${formatNumber(capped)} ${capped === 1 ? "label has" : "labels have"} too many values`]),
  ];
  return parts.join(", ");
}

const SENDERS: readonly Column<Sender>[] = [
  { id: "name", header: "Sender", width: "24%", value: ({ name }) => name, cell: ({ name }) => name },
  { id: "rows", header: "Rows", align: "right", value: ({ rows }) => rows, cell: ({ rows }) => formatShort(rows) },
  { id: "megabytes", header: "MB", align: "right", value: ({ megabytes }) => megabytes, cell: ({ megabytes }) => formatShort(megabytes) },
  {
    id: "requests",
    header: "Requests refused",
    align: "right",
    value: ({ refusedRequests }) => refusedRequests,
    cell: ({ refusedRequests }) => formatShort(refusedRequests),
  },
  {
    id: "refused",
    header: "Rows refused",
    align: "right",
    value: ({ refusedRows }) => refusedRows,
    cell: ({ refusedRows }) => formatShort(refusedRows),
  },
  {
    id: "limits",
    header: "May send a minute",
    width: "230px",
    value: ({ limits }) => limits.rowsPerMinute,
    cell: ({ limits, ownLimits }) =>
      `${formatShort(limits.megabytesPerMinute)} MB, ${formatShort(limits.rowsPerMinute)} rows${ownLimits ? "" : " (as all)"}`,
  },
  { id: "seen", header: "Last", value: ({ lastSeen }) => lastSeen, cell: ({ lastSeen }) => <When at={lastSeen} /> },
];

type Refusal = Sender["refusals"][number] & { readonly name: string; readonly sender: string };

const REFUSALS: readonly Column<Refusal>[] = [
  { id: "name", header: "Sender", width: "20%", value: ({ name }) => name, cell: ({ name }) => name },
  { id: "reason", header: "What was said", width: "45%", value: ({ reason }) => reason, cell: ({ reason }) => reason },
  { id: "requests", header: "Requests", align: "right", value: ({ requests }) => requests, cell: ({ requests }) => formatShort(requests) },
  { id: "rows", header: "Rows", align: "right", value: ({ rows }) => rows, cell: ({ rows }) => formatShort(rows) },
  { id: "at", header: "Last", value: ({ lastAt }) => lastAt, cell: ({ lastAt }) => <When at={lastAt} /> },
];

type Label = Sender["labels"][number] & Pick<Sender, "name" | "sender" | "limits">;

const LABELS: readonly Column<Label>[] = [
  {
    id: "label",
    header: "Label",
    width: "20%",
    value: ({ label }) => label,
    cell: ({ label }) => <span className="rb-mono">{label}</span>,
  },
  {
    id: "metric",
    header: "Metric",
    width: "25%",
    value: ({ metric }) => metric,
    cell: ({ metric }) => <span className="rb-mono">{metric}</span>,
  },
  { id: "name", header: "Sender", value: ({ name }) => name, cell: ({ name }) => name },
  {
    id: "most",
    header: "May have",
    align: "right",
    value: ({ limits }) => limits.labelValues,
    cell: ({ limits }) => `${formatNumber(limits.labelValues)} an hour`,
  },
  {
    id: "example",
    header: "Refused, e.g.",
    value: ({ example }) => example,
    cell: ({ example }) => <span className="rb-mono">{example}</span>,
  },
  {
    id: "rows",
    header: "Points refused",
    align: "right",
    value: ({ refusedRows }) => refusedRows,
    cell: ({ refusedRows }) => formatShort(refusedRows),
  },
  { id: "at", header: "Last", value: ({ lastAt }) => lastAt, cell: ({ lastAt }) => <When at={lastAt} /> },
];
