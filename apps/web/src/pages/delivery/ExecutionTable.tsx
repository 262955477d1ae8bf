import { Button } from "@mantine/core";
import { Play } from "lucide-react";
import type { ReactNode } from "react";

import type { Workload } from "@roadbed/contracts/delivery";
import { listExecutions, startExecution, type Execution } from "@roadbed/contracts/delivery/executions";
import { LIVE_MS, useAct, usePages } from "../../api/use-operation.ts";
import { formatMs } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import type { State } from "../../ui/state.ts";
import { FittingTable } from "../settings/FittingTable.tsx";

/** When a job ran and how it ended, with what was skipped or missed; and a click that runs it now. */
export function ExecutionTable({ workload }: { readonly workload: Workload }): ReactNode {
  const { entityRef, environment, desired } = workload;
  const { rows, error, more, loadingMore } = usePages(listExecutions, { entityRef, environment, limit: 20 }, { every: LIVE_MS });
  const start = useAct(startExecution);
  return (
    <Section
      title={`Times it ran in ${environment}`}
      act={
        desired === "running" && (
          <Button
            variant="default"
            leftSection={<Play size={14} aria-hidden />}
            loading={start.isPending}
            onClick={() => start.mutate({ entityRef, environment })}
          >
            Run now
          </Button>
        )
      }
    >
      {start.error !== null && <ErrorState error={start.error} />}
      {error !== null && <ErrorState error={error} />}
      <FittingTable
        phone={["status", "due"]}
        half={["status", "due", "took", "detail"]}
        label="Times it ran"
        columns={COLUMNS}
        rows={rows}
        rowKey={({ id }) => id}
        empty={
          <EmptyState compact title="It has not run yet">
            It runs when its schedule says so; each time then stands here with how it ended.
          </EmptyState>
        }
        footer={<LoadMore shown={rows.length} total={undefined} more={more} loading={loadingMore} />}
      />
    </Section>
  );
}

const TRIGGERS: Record<Execution["trigger"], string> = { schedule: "schedule", hand: "by hand", "catch-up": "made up for" };
const STATES: Record<Execution["status"], State> = {
  queued: "busy",
  running: "busy",
  succeeded: "ok",
  failed: "fail",
  "timed-out": "fail",
  lost: "fail",
  replaced: "warn",
  stopped: "warn",
  skipped: "warn",
  missed: "warn",
};

const COLUMNS: readonly Column<Execution>[] = [
  {
    id: "status",
    header: "How it ended",
    width: "134px",
    value: ({ status }) => status,
    cell: ({ status, missed }) => (
      <StateBadge
        plain
        word={status}
        state={STATES[status]}
        label={missed === undefined || missed < 2 ? status : `${status} (${missed})`}
      />
    ),
  },
  { id: "due", header: "Due", width: "130px", value: ({ dueAt }) => dueAt, cell: ({ dueAt }) => <When at={dueAt} /> },
  { id: "took", header: "Took", width: "84px", value: tookMs, cell: (execution) => <Took ms={tookMs(execution)} /> },
  {
    id: "exit",
    header: "Exit code",
    width: "90px",
    align: "right",
    value: ({ exitCode }) => exitCode,
    cell: ({ exitCode }) => exitCode ?? <span className="rb-dim">–</span>,
  },
  {
    id: "trigger",
    header: "Begun by",
    width: "14%",
    value: ({ trigger }) => TRIGGERS[trigger],
    cell: ({ trigger, askedBy }) => <span title={askedBy}>{TRIGGERS[trigger]}</span>,
  },
  {
    id: "detail",
    header: "Why",
    value: ({ detail }) => detail,
    cell: ({ detail }) => (
      <span className="rb-truncate" title={detail}>
        {detail?.split("\n")[0] ?? ""}
      </span>
    ),
  },
];

function tookMs({ startedAt, endedAt }: Execution): number | undefined {
  return startedAt === undefined || endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(startedAt);
}

function Took({ ms }: { readonly ms: number | undefined }): ReactNode {
  return ms === undefined ? <span className="rb-dim">–</span> : formatMs(ms);
}
