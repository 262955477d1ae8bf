import { Link } from "@tanstack/react-router";
import { Scale } from "lucide-react";
import type { ReactNode } from "react";

import { listEvaluations, type Evaluation } from "@roadbed/contracts/delivery/evaluations";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { figure, IntervalPicture } from "./IntervalPicture.tsx";

const COLUMNS: readonly Column<Evaluation>[] = [
  {
    id: "release",
    header: "Release",
    width: "16%",
    value: ({ entityRef, release }) => `${entityRef} ${release.number}`,
    cell: ({ id, entityRef, release }) => (
      <Link to="/evaluations/$id" params={{ id }}>
        {shortRef(entityRef)} {release.number}
      </Link>
    ),
  },
  { id: "title", header: "What", value: ({ release }) => release.title, cell: ({ release }) => release.title },
  {
    id: "score",
    header: "Score",
    width: "90px",
    value: ({ score }) => score?.estimate ?? -1,
    cell: ({ score, state }) => (score === undefined ? <State state={state} /> : figure(score.estimate)),
  },
  {
    id: "interval",
    header: "Between",
    width: "18%",
    value: ({ score }) => score?.lower ?? -1,
    cell: ({ score }) => (score === undefined ? null : <IntervalPicture {...score} from={0} to={1} label="Score" />),
  },
  {
    id: "cases",
    header: "Cases",
    width: "110px",
    value: ({ scored }) => scored,
    cell: ({ scored, set, missing, state }) => (state === "recorded" ? (missing === 0 ? scored : `${scored} of ${set.cases}`) : "–"),
  },
  { id: "set", header: "Set", width: "110px", value: ({ set }) => set.name, cell: ({ set }) => `${set.name} ${set.version}` },
  { id: "at", header: "When", width: "110px", value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
];

/** What graders said, newest first: of everything, of a component, or of a release. */
export function EvaluationTable({ entityRef, release }: { readonly entityRef?: string | undefined; readonly release?: string }): ReactNode {
  const list = usePages(listEvaluations, {
    limit: 50,
    ...(entityRef !== undefined && { entityRef }),
    ...(release !== undefined && { release }),
  });
  if (list.error !== null && list.rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  return (
    <DataTable
      label="Evaluations"
      columns={release === undefined ? COLUMNS : COLUMNS.filter(({ id }) => id !== "title")}
      rows={list.rows}
      rowKey={({ id }) => id}
      loading={list.pending}
      stale={list.stale}
      empty={
        <EmptyState icon={Scale} title={release === undefined ? "Nothing has been evaluated yet" : "It has not been evaluated"}>
          A repository whose <code>roadbed.yaml</code> names cases and a grader is evaluated with each release. What another grader said is
          recorded with <code>roadbed evaluation record</code>.
        </EmptyState>
      }
      footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
    />
  );
}

export function State({ state }: { readonly state: Evaluation["state"] }): ReactNode {
  return <StateBadge plain word={state} state={state === "failed" ? "fail" : state === "running" ? "busy" : "ok"} />;
}
