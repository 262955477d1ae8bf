import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listCdEvents } from "@roadbed/contracts/delivery/cdevents";
import { useOperation } from "../../api/use-operation.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Section } from "../../ui/Page.tsx";
import { RECEIVED } from "./columns.tsx";

const SHOWN = 10;

/** What others told of a component; nothing where they did not. */
export function ToldOf({ entityRef }: { readonly entityRef: string }): ReactNode {
  const { data } = useOperation(listCdEvents, { entityRef, limit: SHOWN });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Section title="Elsewhere, as others told" act={<Link to="/cdevents">All of it</Link>}>
      <DataTable
        label="Elsewhere"
        columns={RECEIVED.filter(({ id }) => id !== "subject")}
        rows={data.items}
        rowKey={({ id }) => id}
        empty={null}
      />
    </Section>
  );
}
