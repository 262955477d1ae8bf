import type { ReactNode } from "react";

import { formatMs, formatPercent, formatRate } from "../format/number.ts";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/DataTable.tsx";
import { EntityLink } from "../ui/EntityLink.tsx";
import { shortRef } from "../ui/entity-kind.ts";
import { Tag } from "../ui/Tag.tsx";
import { When } from "../ui/When.tsx";
import type { GraphEdge } from "./group.ts";
import { knownAs, labelOfRelation } from "./relation-style.ts";

/** The lines as text: how each is known, what runs over it, and what only one side knows. */
export function RelationTable({
  edges,
  label = "Relations",
}: {
  readonly edges: readonly GraphEdge[];
  readonly label?: string;
}): ReactNode {
  return (
    <DataTable
      label={label}
      columns={COLUMNS}
      rows={edges}
      rowKey={({ from, type, to }) => `${from} ${type} ${to}`}
      sort="-calls"
      empty={<p className="rb-dim">No relations.</p>}
    />
  );
}

const COLUMNS: readonly Column<GraphEdge>[] = [
  { id: "from", header: "From", value: ({ from }) => shortRef(from), cell: ({ from }) => <EntityLink entityRef={from} /> },
  { id: "type", header: "Relation", width: "120px", value: ({ type }) => type, cell: ({ type }) => labelOfRelation(type) },
  { id: "to", header: "To", value: ({ to }) => shortRef(to), cell: ({ to }) => <EntityLink entityRef={to} /> },
  {
    id: "known",
    header: "Known",
    width: "150px",
    value: ({ origins }) => knownAs(origins).label,
    cell: ({ origins }) => knownAs(origins).label,
  },
  {
    id: "calls",
    header: "Rate",
    width: "90px",
    align: "right",
    hint: "Over the last 24 hours",
    value: ({ traffic }) => traffic?.perMinute,
    cell: ({ traffic }) => (traffic === undefined ? "–" : formatRate(traffic.perMinute / 60)),
  },
  {
    id: "errors",
    header: "Errors",
    width: "80px",
    align: "right",
    value: ({ traffic }) => traffic?.errorShare,
    cell: ({ traffic }) => (traffic?.errorShare === undefined ? "–" : formatPercent(traffic.errorShare)),
  },
  {
    id: "p95",
    header: "p95",
    width: "80px",
    align: "right",
    value: ({ traffic }) => traffic?.p95Ms,
    cell: ({ traffic }) => (traffic?.p95Ms === undefined ? "–" : formatMs(traffic.p95Ms)),
  },
  {
    id: "seen",
    header: "Last seen",
    width: "110px",
    value: ({ traffic }) => traffic?.lastSeen,
    cell: ({ traffic }) => <When at={traffic?.lastSeen} />,
  },
  {
    id: "drift",
    header: "Drift",
    width: "110px",
    value: ({ drift }) => drift,
    cell: ({ drift }) => (drift === undefined ? null : <Tag>{drift === "undeclared" ? "not declared" : "never seen"}</Tag>),
  },
];
