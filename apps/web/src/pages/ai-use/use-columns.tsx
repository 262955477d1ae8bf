import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { AiBy, getAiUse } from "@roadbed/contracts/telemetry/ai";
import type { OutputOf } from "@roadbed/core";
import { formatMs, formatNumber, formatShort } from "../../format/number.ts";
import classes from "../../observe/observe.module.css";
import type { Column } from "../../table/column.ts";
import { shortRef } from "../../ui/entity-kind.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { BY_WORDS, conditionOf, formatUsd, missingWords } from "./ai-words.ts";
import { conditionsOf } from "./Conditions.tsx";

type Row = OutputOf<typeof getAiUse>["items"][number];

/** The columns of use; the first leads to the calls. */
export function columnsBy(by: AiBy, search: Readonly<Record<string, unknown>>): readonly Column<Row>[] {
  return [
    { id: "key", header: BY_WORDS[by], width: "26%", cell: (row) => <ToCalls of={row} by={by} search={search} /> },
    {
      id: "cost",
      header: "Cost",
      width: "112px",
      align: "right",
      cell: ({ cost, unpriced }) =>
        cost === undefined ? (
          unpriced > 0 ? (
            <StateBadge plain word="unpriced" state="warn" />
          ) : (
            <span className="rb-dim">not told</span>
          )
        ) : (
          formatUsd(cost)
        ),
    },
    {
      id: "missing",
      header: "Not in it",
      width: "128px",
      cell: (row) => <span className="rb-dim">{row.cost === undefined ? undefined : missingWords(row)}</span>,
    },
    { id: "calls", header: "Calls", width: "80px", align: "right", cell: ({ calls }) => formatNumber(calls) },
    {
      id: "errors",
      header: "Failed",
      width: "80px",
      align: "right",
      cell: ({ errors }) => (errors > 0 ? <StateBadge plain word="failed" label={formatNumber(errors)} /> : null),
    },
    { id: "in", header: "Tokens in", width: "96px", align: "right", cell: ({ inputTokens }) => formatShort(inputTokens) },
    {
      id: "cached",
      header: "Of it cached",
      width: "104px",
      align: "right",
      cell: ({ cacheReadTokens }) => (cacheReadTokens > 0 ? formatShort(cacheReadTokens) : null),
    },
    { id: "out", header: "Tokens out", width: "96px", align: "right", cell: ({ outputTokens }) => formatShort(outputTokens) },
    { id: "p95", header: "p95", width: "80px", align: "right", cell: ({ p95Ms }) => (p95Ms === undefined ? null : formatMs(p95Ms)) },
    {
      id: "ttft",
      header: "p95 first token",
      width: "120px",
      align: "right",
      cell: ({ ttftP95Ms }) => (ttftP95Ms === undefined ? null : formatMs(ttftP95Ms)),
    },
  ];
}

function ToCalls({
  of,
  by,
  search,
}: {
  readonly of: Row;
  readonly by: AiBy;
  readonly search: Readonly<Record<string, unknown>>;
}): ReactNode {
  const condition = conditionOf(by, of.key);
  const title = by === "team" && of.key !== "" ? shortRef(of.key) : of.title;
  if (condition === undefined) return <span className="rb-dim">{title}</span>;
  const range = typeof search["range"] === "string" ? { range: search["range"] } : {};
  return (
    <Link to="/ai-use/calls" search={{ ...conditionsOf(search), ...range, ...condition }} className={classes.plainLink} title={of.title}>
      {title}
    </Link>
  );
}
