import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { compareReleases } from "@roadbed/contracts/delivery/releases";
import type { OutputOf } from "@roadbed/core";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { change, figure, IntervalPicture } from "../evaluations/IntervalPicture.tsx";

type Compared = OutputOf<typeof compareReleases>["evaluations"][number];

const COLUMNS: readonly Column<Compared>[] = [
  { id: "set", header: "Set", width: "16%", value: ({ set }) => set.name, cell: ({ set }) => `${set.name} ${set.version}` },
  { id: "from", header: "From", width: "16%", value: ({ from }) => from?.score.estimate ?? -1, cell: ({ from }) => <Score of={from} /> },
  { id: "to", header: "To", width: "16%", value: ({ to }) => to?.score.estimate ?? -1, cell: ({ to }) => <Score of={to} /> },
  {
    id: "difference",
    header: "On the same cases",
    value: ({ difference }) => difference?.estimate ?? 0,
    cell: ({ difference }) =>
      difference === undefined ? (
        <span className="rb-dim">not to be compared</span>
      ) : (
        <>
          {change(difference.estimate)}, {change(difference.lower)} to {change(difference.upper)}
          <IntervalPicture {...difference} mark={0} from={-1} to={1} label="Difference" />
        </>
      ),
  },
  {
    id: "cost",
    header: "Cost a case",
    width: "18%",
    value: ({ to }) => Number(to?.costPerCase ?? 0),
    cell: ({ from, to }) => `${from?.costPerCase ?? "unknown"} to ${to?.costPerCase ?? "unknown"}`,
  },
];

/** What graders said of both, side by side. */
export function Scores({ of }: { readonly of: readonly Compared[] }): ReactNode {
  return <DataTable label="Scores" columns={COLUMNS} rows={of} rowKey={({ set }) => set.name} empty={null} />;
}

function Score({ of }: { readonly of: Compared["to"] }): ReactNode {
  if (of === undefined) return <span className="rb-dim">not evaluated</span>;
  return (
    <Link to="/evaluations/$id" params={{ id: of.evaluation }}>
      {figure(of.score.estimate)} ({figure(of.score.lower)} to {figure(of.score.upper)})
    </Link>
  );
}
