import type { ReactNode } from "react";

import type { BurnRule } from "@roadbed/contracts/telemetry/slos";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

const WORDS: Readonly<Record<BurnRule["name"], string>> = {
  "page-fast": "Wakes somebody, at once",
  "page-slow": "Wakes somebody",
  "ticket-fast": "For today",
  "ticket-slow": "For this week",
};
const rateWords = (rate: number | undefined): string => (rate === undefined ? "no data" : String(Math.round(rate * 100) / 100));

const COLUMNS: readonly Column<BurnRule>[] = [
  { id: "name", header: "Alert", width: "24%", cell: ({ name }) => WORDS[name] },
  {
    id: "firing",
    header: "State",
    width: "120px",
    cell: ({ firing, why }) => <StateBadge plain word={firing ? "burning" : "ok"} label={firing ? "fires" : "quiet"} title={why} />,
  },
  { id: "threshold", header: "Burn rate", width: "96px", align: "right", cell: ({ threshold }) => `≥ ${threshold}` },
  {
    id: "long",
    header: "Long window",
    width: "130px",
    align: "right",
    cell: ({ long, longRate }) => `${rateWords(longRate)} over ${long}`,
  },
  {
    id: "short",
    header: "Short window",
    width: "130px",
    align: "right",
    cell: ({ short, shortRate }) => `${rateWords(shortRate)} over ${short}`,
  },
  { id: "severity", header: "Incident", width: "110px", cell: ({ severity }) => <StateBadge plain word={severity} /> },
  { id: "since", header: "Since", cell: ({ since }) => (since === undefined ? "" : <When at={since} />) },
];

/** Both windows of an alert have to burn; it ends when both are under it. */
export function Rules({ of }: { readonly of: readonly BurnRule[] }): ReactNode {
  return <DataTable label="Alerts" columns={COLUMNS} rows={of} rowKey={({ name }) => name} loading={false} empty={null} />;
}
