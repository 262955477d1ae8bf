import type { ReactNode } from "react";

import type { getSource } from "@roadbed/contracts/catalog";
import type { OutputOf } from "@roadbed/core";
import { formatMs, formatNumber } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { FittingTable } from "../settings/FittingTable.tsx";

type Sync = OutputOf<typeof getSource>["syncs"][number];

const COUNTS = [
  ["read", "Read", "Entities found in its files"],
  ["registered", "New", "Entities that were not there before"],
  ["changed", "Changed", undefined],
  ["unchanged", "Unchanged", undefined],
  ["removed", "Removed", "Entities it no longer names"],
  ["failed", "Failed", "Descriptors that do not fit"],
  ["conflicts", "Conflicts", "Entities that another source names too"],
] as const;
const ALARMING: ReadonlySet<string> = new Set(["failed", "conflicts"]);

const COLUMNS: readonly Column<Sync>[] = [
  { id: "at", header: "When", width: "112px", value: ({ at }) => at, cell: ({ at }) => <When at={at} /> },
  {
    id: "state",
    header: "Went",
    cell: ({ error, counts }) =>
      error !== undefined ? (
        <span title={error}>
          <StateBadge plain word="failed" /> <span className="rb-dim">{error}</span>
        </span>
      ) : (
        <StateBadge
          plain
          word={counts.failed + counts.conflicts > 0 ? "partial" : "ok"}
          label={counts.failed + counts.conflicts > 0 ? "partly" : "well"}
        />
      ),
  },
  {
    id: "took",
    header: "Took",
    width: "84px",
    align: "right",
    value: ({ durationMs }) => durationMs,
    cell: ({ durationMs }) => formatMs(Math.round(durationMs)),
  },
  ...COUNTS.map(([id, header, hint]): Column<Sync> => ({
    id,
    header,
    width: "92px",
    align: "right",
    value: ({ counts }) => counts[id],
    cell: ({ counts }) =>
      counts[id] === 0 ? (
        <span className="rb-dim">0</span>
      ) : (
        <span data-state={ALARMING.has(id) ? "warn" : undefined}>{formatNumber(counts[id])}</span>
      ),
    ...(hint !== undefined && { hint }),
  })),
];

/** How the last readings went, newest first. */
export function SyncTable({ syncs }: { readonly syncs: readonly Sync[] }): ReactNode {
  return (
    <FittingTable
      phone={["at", "state", "failed"]}
      half={["at", "state", "took", "read", "changed", "failed"]}
      label="Readings"
      columns={COLUMNS}
      rows={syncs}
      rowKey={({ at }) => at}
      empty={
        <EmptyState compact title="It was never read">
          Read it now: each reading is listed here with what it brought.
        </EmptyState>
      }
    />
  );
}
