import { Button, Switch } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { PackageOpen } from "lucide-react";
import { useMemo, type ReactNode } from "react";

import { listOwned } from "@roadbed/contracts/catalog/ownership";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import { useOnCall, type OnCallOf } from "../../ui/use-on-call.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import row from "../../ui/tool-row.module.css";
import { Criticality } from "./Criticality.tsx";
import { OnCallLine } from "./OnCallLine.tsx";
import { OwnerSelect } from "./OwnerSelect.tsx";
import classes from "./ownership.module.css";

const route = getRouteApi("/app/ownership");

interface Props {
  /** Undefined: the caller's own. */
  readonly entityRef: string | undefined;
  readonly onGive: (from: string) => void;
}

/** What a team or a person owns, or what is mine by all the teams I am in. */
export function OwnedTab({ entityRef, onGive }: Props): ReactNode {
  const { within } = route.useSearch();
  const navigate = route.useNavigate();
  const input = { ...(entityRef !== undefined && { ref: entityRef }), ...(within === true && { within: true }) };
  const pages = usePages(listOwned, { ...input, limit: 50 });
  const head = useOperation(listOwned, { ...input, limit: 1 }, { keep: true });
  const onCall = useOnCall(useMemo(() => pages.rows.map(({ ref }) => ref), [pages.rows]));
  const columns = useMemo(() => COLUMNS(onCall), [onCall]);
  const kinds = Object.entries(head.data?.kinds ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (pages.error !== null) return <ErrorState error={pages.error} retry={pages.retry} />;
  return (
    <>
      <div className={row.tools}>
        <OwnerSelect
          label="Whose"
          placeholder="A team or a person"
          width={240}
          value={entityRef}
          onChange={(ref) => void navigate({ search: (known) => ({ ...known, view: "owned", ref }) })}
        />
        <Switch
          size="xs"
          label="Also what teams below own"
          checked={within === true}
          onChange={(event) => {
            const { checked } = event.currentTarget;
            void navigate({ search: (known) => ({ ...known, within: checked ? true : undefined }), replace: true });
          }}
        />
        {kinds.map(([kind, count]) => (
          <span key={kind} className="rb-dim">
            {formatCount(count, kind.toLowerCase())}
          </span>
        ))}
        {entityRef !== undefined && pages.rows.length > 0 && (
          <span className={classes.right}>
            <Button size="xs" variant="default" onClick={() => onGive(entityRef)}>
              Hand over…
            </Button>
          </span>
        )}
      </div>
      {entityRef !== undefined && <OnCallLine entityRef={entityRef} />}
      <DataTable
        label="What is owned"
        columns={columns}
        rows={pages.rows}
        rowKey={({ ref }) => ref}
        loading={pages.pending}
        stale={pages.stale}
        onSort={() => {}}
        empty={
          <EmptyState icon={PackageOpen} title={entityRef === undefined ? "Nothing is yours" : `${shortRef(entityRef)} owns nothing`}>
            {entityRef === undefined
              ? "What your teams own stands here, once your account is linked to your entry in the catalogue (Settings, People)."
              : "What names it as owner would stand here."}
          </EmptyState>
        }
        footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
      />
    </>
  );
}

type Row = ReturnType<typeof usePages<typeof listOwned>>["rows"][number];

const COLUMNS = (onCall: OnCallOf): readonly Column<Row>[] => [
  { id: "ref", header: "Thing", sortable: false, cell: ({ ref, title }) => <EntityLink entityRef={ref} title={title} /> },
  { id: "owner", header: "Owner", width: "28%", sortable: false, cell: ({ owner }) => <EntityLink entityRef={owner} /> },
  { id: "onCall", header: "On call", width: "16%", sortable: false, cell: ({ ref }) => onCall(ref) },
  { id: "lifecycle", header: "Lifecycle", width: "120px", sortable: false, cell: ({ lifecycle }) => lifecycle ?? "" },
  {
    id: "criticality",
    header: "Criticality",
    width: "120px",
    sortable: false,
    hint: "How much it matters when this fails: what its tier or criticality says, else by its lifecycle",
    cell: ({ criticality }) => <Criticality value={criticality} />,
  },
];
