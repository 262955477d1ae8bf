import { Link } from "@tanstack/react-router";

import type { Slo } from "@roadbed/contracts/telemetry/slos";
import { formatShort } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { SampleTag } from "../../ui/Tag.tsx";
import { BudgetBar } from "./BudgetBar.tsx";
import { periodWords, shareWords } from "./words.ts";

const burnOf = ({ figures }: Slo): number | undefined => figures?.burn.find(({ window }) => window === "1h")?.rate;

/** What a list of objectives shows. */
export const COLUMNS: readonly Column<Slo>[] = [
  {
    id: "name",
    header: "Objective",
    width: "22%",
    value: ({ title }) => title,
    cell: ({ name, title, sample }) => (
      <>
        <Link to="/slos/$name" params={{ name }}>
          {title}
        </Link>{" "}
        {sample && <SampleTag />}
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    width: "110px",
    value: ({ state }) => state,
    cell: ({ state, why }) => <StateBadge plain word={state} title={why} />,
  },
  {
    id: "left",
    header: "Error budget",
    width: "210px",
    value: ({ figures }) => figures?.remaining,
    cell: ({ figures }) => <BudgetBar remaining={figures?.remaining} />,
  },
  {
    id: "burn",
    header: "Burns at",
    width: "96px",
    align: "right",
    hint: "In the last hour; 1 uses the budget up exactly at the end of the window",
    value: burnOf,
    cell: (slo) => {
      const rate = burnOf(slo);
      return rate === undefined ? <span className="rb-dim">no data</span> : String(Math.round(rate * 10) / 10);
    },
  },
  {
    id: "good",
    header: "Good",
    width: "92px",
    align: "right",
    value: ({ figures }) => figures?.ratio,
    cell: ({ figures }) => (figures?.ratio === undefined ? <span className="rb-dim">no data</span> : shareWords(figures.ratio)),
  },
  {
    id: "target",
    header: "Target",
    width: "136px",
    align: "right",
    value: ({ target }) => target,
    cell: (slo) => `${shareWords(slo.target)} of ${periodWords(slo)}`,
  },
  {
    id: "events",
    header: "Events",
    width: "88px",
    align: "right",
    value: ({ figures }) => figures?.total,
    cell: ({ figures }) => (figures === undefined ? "" : formatShort(figures.total)),
  },
  {
    id: "entity",
    header: "Of",
    width: "150px",
    value: ({ entityRef }) => entityRef,
    cell: ({ entityRef }) => <EntityLink entityRef={entityRef} />,
  },
];
