import type { ReactNode } from "react";

import type { getMeasure } from "@roadbed/contracts/product/measures";
import type { OutputOf } from "@roadbed/core";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { When } from "../../ui/When.tsx";
import { intervalWords, valueWords } from "./words.ts";

type Version = OutputOf<typeof getMeasure>["versions"][number];

const COLUMNS: readonly Column<Version>[] = [
  { id: "version", header: "Version", width: "72px", align: "right", cell: ({ definition }) => definition.version },
  {
    id: "value",
    header: "Gives now",
    width: "110px",
    align: "right",
    cell: ({ definition, value }) => valueWords(definition.unit, value.value) ?? <span className="rb-dim">no value</span>,
  },
  {
    id: "interval",
    header: "Between",
    width: "140px",
    align: "right",
    cell: ({ definition, value }) => intervalWords(definition.unit, value) ?? "",
  },
  { id: "why", header: "Why", cell: ({ definition }) => definition.why ?? "came with Roadbed" },
  {
    id: "when",
    header: "Since",
    width: "110px",
    cell: ({ definition }) => (definition.madeAt === undefined ? "" : <When at={definition.madeAt} />),
  },
];

/** Every version of a definition with what it gives now: a figure that jumped because it is counted otherwise is seen to. */
export function Versions({ of }: { readonly of: readonly Version[] }): ReactNode {
  return <DataTable label="Versions" columns={COLUMNS} rows={of} rowKey={({ definition }) => String(definition.version)} empty={null} />;
}
