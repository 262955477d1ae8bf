import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listEntities } from "@roadbed/contracts/catalog";
import { useOperation } from "../../api/use-operation.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { useColumns } from "../catalogue/columns.tsx";
import type { KnownEntity } from "./use-entity.ts";

const LIMIT = 200;
const SHOWN_COLUMNS = ["name", "kind", "type", "lifecycle", "health"];

/** What belongs to a system or a domain, or what a group owns, with its health. */
export function Parts({ known }: { readonly known: KnownEntity }): ReactNode {
  const owns = known.kind === "group" || known.kind === "user";
  const past = known.asOf === undefined ? {} : { asOf: known.asOf };
  const parts = useOperation(listEntities, { filter: `relations.${owns ? "ownedBy" : "partOf"}=${known.ref}`, limit: LIMIT, ...past });
  const columns = useColumns().filter(({ id }) => SHOWN_COLUMNS.includes(id) && (id !== "health" || known.asOf === undefined));
  if (parts.error !== null) return <ErrorState error={parts.error} retry={() => void parts.refetch()} />;
  const rows = parts.data?.items ?? [];
  if (parts.data !== undefined && rows.length === 0) return null;
  return (
    <Section
      title={owns ? "Owns" : "Parts"}
      count={parts.data === undefined ? undefined : rows.length}
      act={
        <Link to="/catalog" search={owns ? { owner: [known.ref] } : { system: [known.ref] }}>
          In the catalogue
        </Link>
      }
    >
      <DataTable
        label={owns ? "Owned entities" : "Parts"}
        columns={columns}
        rows={rows}
        rowKey={({ ref }) => ref}
        loading={parts.isPending}
        density="compact"
      />
    </Section>
  );
}
