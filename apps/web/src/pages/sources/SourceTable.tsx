import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Source } from "@roadbed/contracts/catalog";
import { formatNumber } from "../../format/number.ts";
import { formatExact } from "../../format/time.ts";
import type { Column } from "../../table/column.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { SampleTag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { FittingTable } from "../settings/FittingTable.tsx";
import { KINDS, wordOfSchedule, wordOfState } from "./words.ts";

const COLUMNS: readonly Column<Source>[] = [
  {
    id: "name",
    header: "Source",
    width: "22%",
    value: ({ name }) => name,
    cell: ({ id, name, sample }) => (
      <>
        <Link to="/sources/$id" params={{ id }} title={name}>
          {name}
        </Link>{" "}
        {sample && <SampleTag />}
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    width: "124px",
    value: ({ state }) => state,
    cell: ({ state, lastError }) => <StateBadge plain word={state} label={wordOfState(state)} title={lastError} />,
  },
  {
    id: "kind",
    header: "Kind",
    width: "104px",
    value: ({ kind, connector }) => connector ?? KINDS[kind],
    cell: ({ kind, connector }) => connector ?? KINDS[kind],
  },
  {
    id: "target",
    header: "Read from",
    value: ({ target }) => target,
    cell: ({ target }) => (
      <span className="rb-mono" title={target}>
        {target}
      </span>
    ),
  },
  {
    id: "entities",
    header: "Entities",
    width: "88px",
    align: "right",
    value: ({ entities }) => entities,
    cell: ({ entities }) => formatNumber(entities),
  },
  {
    id: "problems",
    header: "Problems",
    width: "94px",
    align: "right",
    value: ({ problems }) => problems,
    cell: ({ problems }) =>
      problems === 0 ? <span className="rb-dim">none</span> : <span data-state="warn">{formatNumber(problems)}</span>,
  },
  {
    id: "next",
    header: "Next run",
    width: "112px",
    value: (source) => source.nextRunAt ?? wordOfSchedule(source),
    cell: (source) =>
      source.nextRunAt === undefined ? <span className="rb-dim">{wordOfSchedule(source)}</span> : <When at={source.nextRunAt} />,
    hint: "When it is read by itself",
  },
  {
    id: "budget",
    header: "Budget",
    width: "96px",
    align: "right",
    value: ({ budget }) => budget?.remaining,
    cell: ({ budget }) =>
      budget === undefined ? (
        <span className="rb-dim" title="This source counts no calls">
          –
        </span>
      ) : (
        <span
          data-state={budget.remaining === 0 ? "warn" : undefined}
          title={`of ${formatNumber(budget.limit)} until ${formatExact(new Date(budget.resetAt))}`}
        >
          {formatNumber(budget.remaining)}
        </span>
      ),
    hint: "Calls that the system still allows",
  },
  {
    id: "at",
    header: "Last read",
    width: "112px",
    value: ({ lastSyncAt }) => lastSyncAt,
    cell: ({ lastSyncAt }) => <When at={lastSyncAt} fallback="never" />,
  },
];

export function SourceTable({ sources, footer }: { readonly sources: readonly Source[]; readonly footer: ReactNode }): ReactNode {
  return (
    <FittingTable
      phone={["name", "state", "problems"]}
      half={["name", "state", "target", "entities", "problems", "at"]}
      label="Sources"
      columns={COLUMNS}
      rows={sources}
      rowKey={({ id }) => id}
      footer={footer}
    />
  );
}
