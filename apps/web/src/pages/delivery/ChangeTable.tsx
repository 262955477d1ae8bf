import { Link } from "@tanstack/react-router";
import { GitPullRequest } from "lucide-react";
import type { ReactNode } from "react";

import type { Change, ChangeState } from "@roadbed/contracts/delivery/changes";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";
import { When } from "../../ui/When.tsx";

const TONES: Readonly<Record<ChangeState, State>> = { ready: "ok", conflicting: "fail", behind: "warn", merged: "ok", closed: "unknown" };

export function ChangeBadge({ state, plain = false }: { readonly state: ChangeState; readonly plain?: boolean }): ReactNode {
  return <StateBadge plain={plain} word={state} state={TONES[state]} label={state === "conflicting" ? "in conflict" : state} />;
}

const COLUMNS: readonly Column<Change>[] = [
  {
    id: "title",
    header: "Change",
    value: ({ title }) => title,
    cell: ({ id, title }) => (
      <Link to="/delivery/changes/$id" params={{ id }}>
        {title}
      </Link>
    ),
  },
  { id: "repository", header: "Repository", width: "22%", value: ({ repository }) => repository, cell: ({ repository }) => repository },
  { id: "state", header: "State", width: "130px", value: ({ state }) => state, cell: ({ state }) => <ChangeBadge plain state={state} /> },
  { id: "by", header: "By", width: "120px", value: ({ openedBy }) => openedBy, cell: ({ openedBy }) => <Actor of={openedBy} /> },
  { id: "at", header: "Proposed", width: "116px", value: ({ openedAt }) => openedAt, cell: ({ openedAt }) => <When at={openedAt} /> },
];

/** Proposed changes to repositories of the embedded host. */
export function ChangeTable({ changes, footer }: { readonly changes: readonly Change[]; readonly footer: ReactNode }): ReactNode {
  return (
    <DataTable
      label="Changes"
      columns={COLUMNS}
      rows={changes}
      rowKey={({ id }) => id}
      empty={
        <EmptyState icon={GitPullRequest} title="No change is proposed">
          An upgrade of a golden path proposes one per repository; <code>roadbed change open</code> proposes a branch that was pushed.
        </EmptyState>
      }
      footer={footer}
    />
  );
}
