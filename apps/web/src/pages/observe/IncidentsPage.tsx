import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleCheck, Siren } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";

import { listIncidents, type Incident } from "@roadbed/contracts/telemetry";
import { useNow } from "../../api/use-now.ts";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatMs } from "../../format/number.ts";
import classes from "../../observe/observe.module.css";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { SampleTag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { CloseIncident } from "./CloseIncident.tsx";
import { DeclareIncident } from "./DeclareIncident.tsx";
import { answerOf, lastedMs, rangeAround } from "./incident-facts.ts";

const route = getRouteApi("/app/incidents");
const TICK_MS = 10_000;
const EVERY_MS = 30_000;

/** What is wrong now, and what was? */
export function IncidentsPage(): ReactNode {
  const { declare } = route.useSearch();
  const navigate = route.useNavigate();
  const now = useNow(TICK_MS);
  const [closing, setClosing] = useState<Incident | undefined>();
  const open = useOperation(listIncidents, { state: "open", limit: 200 }, { every: EVERY_MS });
  const closed = usePages(listIncidents, { state: "closed", limit: 50 });
  const openDeclare = (value: string | undefined): void => void navigate({ search: (old) => ({ ...old, declare: value }), replace: true });
  const openRows = open.data?.items ?? [];
  return (
    <Page
      title="Incidents"
      state={open.isPending || closed.pending ? "Reading…" : answerOf(openRows, closed.rows, now)}
      act={<Button onClick={() => openDeclare("1")}>Declare an incident</Button>}
    >
      <Section title="Open" count={openRows.length > 0 ? openRows.length : undefined}>
        {open.error !== null && open.data === undefined ? (
          <ErrorState error={open.error} retry={() => void open.refetch()} />
        ) : (
          <OpenTable rows={openRows} loading={open.isPending} now={now} onClose={setClosing} />
        )}
      </Section>
      <Section title="Closed">
        {closed.error !== null && closed.rows.length === 0 ? (
          <ErrorState error={closed.error} retry={closed.retry} />
        ) : (
          <DataTable
            label="Closed incidents"
            columns={CLOSED}
            rows={closed.rows}
            rowKey={({ id }) => id}
            loading={closed.pending}
            empty={
              <EmptyState compact icon={Siren} title="No incident was closed yet">
                Declare one when a service fails its users. Once closed it stays here, with how long it took and what it was.
              </EmptyState>
            }
            footer={<LoadMore shown={closed.rows.length} total={closed.total} more={closed.more} loading={closed.loadingMore} />}
          />
        )}
      </Section>
      <DeclareIncident
        opened={declare !== undefined}
        service={declare === "1" ? undefined : declare}
        onClose={() => openDeclare(undefined)}
      />
      <CloseIncident incident={closing} onClose={() => setClosing(undefined)} />
    </Page>
  );
}

interface OpenProps {
  readonly rows: readonly Incident[];
  readonly loading: boolean;
  readonly now: number;
  readonly onClose: (incident: Incident) => void;
}

function OpenTable({ rows, loading, now, onClose }: OpenProps): ReactNode {
  const columns = useMemo<readonly Column<Incident>[]>(
    () => [
      TITLE,
      SEVERITY,
      SERVICE,
      { id: "opened", header: "Opened", width: "112px", value: ({ openedAt }) => openedAt, cell: ({ openedAt }) => <When at={openedAt} /> },
      {
        id: "lasts",
        header: "For",
        width: "112px",
        align: "right",
        value: (row) => lastedMs(row, now),
        cell: (row) => formatMs(lastedMs(row, now)),
      },
      {
        id: "act",
        header: "Act",
        width: "88px",
        align: "right",
        cell: (incident) => (
          <Button variant="default" size="compact-sm" onClick={() => onClose(incident)} aria-label={`Close the incident ${incident.title}`}>
            Close
          </Button>
        ),
      },
    ],
    [now, onClose],
  );
  return (
    <DataTable
      label="Open incidents"
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      loading={loading}
      sort="severity"
      empty={
        <EmptyState compact icon={CircleCheck} title="No incident is open">
          Declare one when a service fails its users: it stands on everybody's home page until it is closed, and marks the charts of the
          service.
        </EmptyState>
      }
    />
  );
}

const TITLE: Column<Incident> = {
  id: "title",
  header: "Incident",
  width: "32%",
  value: ({ title }) => title,
  cell: (incident) => (
    <span className={classes.nameCell}>
      <Link
        to="/observe/services/$service"
        params={{ service: incident.service }}
        search={{ range: rangeAround(incident, Date.now()) }}
        className={classes.nameLink}
        title={`Signals of ${incident.service} around it`}
      >
        {incident.title}
      </Link>
      {incident.sample && <SampleTag />}
    </span>
  ),
};

const RANK: Readonly<Record<Incident["severity"], number>> = { critical: 0, high: 1, low: 2 };
const SEVERITY: Column<Incident> = {
  id: "severity",
  header: "Severity",
  width: "104px",
  value: ({ severity }) => RANK[severity],
  cell: ({ severity }) => <StateBadge plain word={severity} />,
};

const SERVICE: Column<Incident> = {
  id: "service",
  header: "Service",
  width: "18%",
  value: ({ service }) => service,
  cell: ({ service }) => (
    <Link to="/observe/services/$service" params={{ service }} className={classes.plainLink}>
      {service}
    </Link>
  ),
};

const CLOSED: readonly Column<Incident>[] = [
  TITLE,
  SEVERITY,
  SERVICE,
  {
    id: "summary",
    header: "What it was",
    cell: ({ summary }) => (summary === undefined ? <span className="rb-dim">not said</span> : <span title={summary}>{summary}</span>),
  },
  { id: "opened", header: "Opened", width: "112px", value: ({ openedAt }) => openedAt, cell: ({ openedAt }) => <When at={openedAt} /> },
  {
    id: "lasted",
    header: "Took",
    width: "104px",
    align: "right",
    value: (row) => lastedMs(row, 0),
    cell: (row) => formatMs(lastedMs(row, 0)),
  },
];
