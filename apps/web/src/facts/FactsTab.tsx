import type { ReactNode } from "react";

import { listFacts, type Fact } from "@roadbed/contracts/catalog/facts";
import { usePages } from "../api/use-operation.ts";
import { formatPercent } from "../format/number.ts";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/DataTable.tsx";
import { LoadMore } from "../table/LoadMore.tsx";
import { useActorName } from "../ui/Actor.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { StateBadge } from "../ui/StateBadge.tsx";
import { When } from "../ui/When.tsx";
import { FactMark } from "./FactMark.tsx";
import classes from "./facts.module.css";
import { named, standingWords, trustState, valueWords } from "./words.ts";

function columnsFor(ref: string, name: (actor: string) => string): readonly Column<Fact>[] {
  return [
    {
      id: "property",
      header: "Field",
      width: "26%",
      cell: ({ property }) => (
        <span className={classes.field}>
          <span className="rb-mono rb-truncate">{property}</span>
          <FactMark entityRef={ref} property={property} />
        </span>
      ),
    },
    { id: "value", header: "Value", cell: ({ value }) => <span className="rb-truncate">{valueWords(value)}</span> },
    {
      id: "trust",
      header: "Trust",
      width: "110px",
      cell: (fact) => <StateBadge plain word="trust" state={trustState(fact)} label={formatPercent(fact.trust)} />,
    },
    { id: "source", header: "Said by", width: "22%", cell: ({ winner }) => (winner ? standingWords(named(winner, name)) : "nobody") },
    { id: "at", header: "Said", width: "130px", cell: ({ observedAt }) => <When at={observedAt} /> },
    {
      id: "others",
      header: "Others",
      width: "120px",
      cell: ({ losing }) => (losing.length === 0 ? <span className="rb-dim">–</span> : othersWords(losing)),
    },
  ];
}

function othersWords(losing: Fact["losing"]): string {
  const agreeing = losing.filter(({ agrees }) => agrees).length;
  const not = losing.length - agreeing;
  return [agreeing > 0 && `${agreeing} agree`, not > 0 && `${not} ${not === 1 ? "differs" : "differ"}`].filter(Boolean).join(", ");
}

/** Every field with its receipt. */
export function FactsTab({ entityRef }: { readonly entityRef: string }): ReactNode {
  const name = useActorName();
  const list = usePages(listFacts, { ref: entityRef, limit: 100 });
  return (
    <DataTable
      label="Facts"
      columns={columnsFor(entityRef, name)}
      rows={list.rows}
      rowKey={({ property }) => property}
      loading={list.pending}
      empty={
        <EmptyState compact title="Nothing is said of it">
          Every field of the descriptor stands here, with who says it and how far to trust it.
        </EmptyState>
      }
      footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
    />
  );
}
