import { Button } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { getSource, Source } from "@roadbed/contracts/catalog";
import { undoSync } from "@roadbed/contracts/catalog/connections";
import type { OutputOf } from "@roadbed/core";
import { useAct } from "../../api/use-operation.ts";
import { formatMs, formatNumber } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { FittingTable } from "../settings/FittingTable.tsx";
import { tellDone, tellFault } from "../settings/tell.ts";

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
const CAUSES = {
  asked: "asked",
  schedule: "schedule",
  watch: "change",
  webhook: "webhook",
  approve: "approved",
  undo: "undo",
} as const;
const ALARMING: ReadonlySet<string> = new Set(["failed", "conflicts"]);

const COLUMNS: readonly Column<Sync>[] = [
  { id: "at", header: "When", width: "112px", value: ({ at }) => at, cell: ({ at }) => <When at={at} /> },
  {
    id: "state",
    header: "Went",
    cell: ({ error, counts, state, note, undoes }) =>
      state === "held" || state === "undone" || undoes !== undefined ? (
        <span title={note}>
          <StateBadge plain word={state} label={state === "ok" || state === "partial" ? "undo" : state} />{" "}
          <span className="rb-dim">{note}</span>
        </span>
      ) : error !== undefined ? (
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
  { id: "cause", header: "Because", width: "92px", value: ({ cause }) => cause, cell: ({ cause }) => CAUSES[cause], hint: "What began it" },
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

function undoColumn(onUndo: (sync: Sync) => void): Column<Sync> {
  return {
    id: "undo",
    header: "",
    width: "78px",
    align: "right",
    cell: (sync) =>
      (sync.state === "ok" || sync.state === "partial") && sync.counts.registered + sync.counts.changed + sync.counts.removed > 0 ? (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onUndo(sync)}>
          Undo
        </Button>
      ) : null,
  };
}

/** How the last readings went, newest first. */
export function SyncTable({ source, syncs }: { readonly source: Source; readonly syncs: readonly Sync[] }): ReactNode {
  const [asked, setAsked] = useState<Sync | undefined>();
  const undo = useAct(undoSync, {
    touches: ["catalog", "paths"],
    onDone: ({ removed, restored, reverted, conflicts }) =>
      tellDone(
        `Taken back: ${removed} removed, ${restored} put back, ${reverted} as before${conflicts.length === 0 ? "" : `; ${conflicts.length} changed since and stay`}. The source is paused.`,
      ),
  });
  return (
    <>
      <Runs syncs={syncs} onUndo={setAsked} />
      <Confirm
        opened={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title="Take this run back?"
        what={`What it added is removed, what it changed is as before, what it removed is put back; what changed since stays as it is. ${source.name} is paused, so that it does not do it again at once.`}
        word={source.name}
        act="Take it back"
        onConfirm={() => asked && undo.mutate({ id: source.id, run: asked.id }, { onError: tellFault("It was not taken back") })}
      />
    </>
  );
}

function Runs({ syncs, onUndo }: { readonly syncs: readonly Sync[]; readonly onUndo: (sync: Sync) => void }): ReactNode {
  return (
    <FittingTable
      phone={["at", "state", "failed"]}
      half={["at", "state", "cause", "read", "changed", "undo"]}
      label="Readings"
      columns={[...COLUMNS, undoColumn(onUndo)]}
      rows={syncs}
      rowKey={({ id }) => id}
      empty={
        <EmptyState compact title="It was never read">
          Read it now: each reading is listed here with what it brought.
        </EmptyState>
      }
    />
  );
}
