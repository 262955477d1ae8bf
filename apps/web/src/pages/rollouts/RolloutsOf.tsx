import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listRollouts } from "@roadbed/contracts/delivery/rollouts";
import { useOperation } from "../../api/use-operation.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Section } from "../../ui/Page.tsx";
import { COLUMNS } from "./columns.tsx";

const SHOWN = 5;

/** The newest rollouts of a component; nothing where it never had one. */
export function RolloutsOf({ entityRef }: { readonly entityRef: string }): ReactNode {
  const { data } = useOperation(listRollouts, { entityRef, limit: SHOWN });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Section
      title="Rollouts"
      act={
        <Link to="/rollouts" search={{ entity: entityRef }}>
          All of them
        </Link>
      }
    >
      <DataTable
        label="Rollouts"
        columns={COLUMNS.filter(({ id }) => id !== "entity")}
        rows={data.items}
        rowKey={({ id }) => id}
        empty={null}
      />
    </Section>
  );
}
