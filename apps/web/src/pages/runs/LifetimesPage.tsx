import { Button, Modal, SegmentedControl, Stack, Switch, Text, TextInput } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Hourglass } from "lucide-react";
import { useState, type ReactNode } from "react";

import { endLifetime, extendLifetime, listLifetimes, type Lifetime } from "@roadbed/contracts/paths/lifetimes";
import { useAct, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

const route = getRouteApi("/app/lifetimes");
const STATES = ["active", "ending", "ended"] as const;

const COLUMNS: readonly Column<Lifetime>[] = [
  {
    id: "name",
    header: "What",
    width: "24%",
    value: ({ name }) => name,
    cell: ({ name, entityRef, runId }) =>
      entityRef === undefined ? (
        <Link to="/runs/$id" params={{ id: runId }}>
          {name}
        </Link>
      ) : (
        <EntityLink entityRef={entityRef} />
      ),
  },
  {
    id: "path",
    header: "Made by",
    value: ({ pathTitle }) => pathTitle,
    cell: ({ pathTitle, runId }) => (
      <Link to="/runs/$id" params={{ id: runId }}>
        {pathTitle}
      </Link>
    ),
  },
  {
    id: "ends",
    header: "Ends",
    width: "170px",
    value: ({ endsAt }) => endsAt,
    cell: ({ endsAt, soon, state, endError }) => (
      <>
        <When at={endsAt} /> {state === "active" && soon && <StateBadge plain word="soon" state="warn" />}
        {endError !== undefined && <StateBadge plain word="could not be ended" state="fail" title={endError} />}
      </>
    ),
  },
  { id: "most", header: "At most until", width: "130px", value: ({ atMost }) => atMost, cell: ({ atMost }) => <When at={atMost} /> },
  {
    id: "extended",
    header: "Extended",
    width: "90px",
    align: "right",
    cell: ({ extensions }) => (extensions.length === 0 ? null : `${extensions.length} ×`),
  },
  { id: "act", header: "", width: "170px", cell: (lifetime) => <LifetimeActs lifetime={lifetime} /> },
];

/** Everything that ends by itself, the soonest first. */
export function LifetimesPage(): ReactNode {
  const { state = "active", mine } = route.useSearch();
  const navigate = route.useNavigate();
  const list = usePages(listLifetimes, { limit: 50, state, ...(mine === true && { mine: true }) });
  return (
    <Page
      title="What ends"
      trail={<Link to="/runs">Runs</Link>}
      state="What golden paths made for a time. It is warned of, can be extended, and is taken back, or ended by the path that is named for it, when its time is over."
    >
      <div style={{ display: "flex", gap: 16, alignItems: "center", marginBottom: 12, flexWrap: "wrap" }}>
        <SegmentedControl
          size="xs"
          aria-label="State"
          value={state}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, state: value as (typeof STATES)[number] }) })}
          data={STATES.map((value) => ({ value, label: value }))}
        />
        <Switch
          size="xs"
          label="Only mine"
          checked={mine === true}
          onChange={(event) => void navigate({ search: (old) => ({ ...old, mine: event.currentTarget.checked ? true : undefined }) })}
        />
      </div>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="What ends by itself"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState icon={Hourglass} title={state === "active" ? "Nothing ends by itself" : `Nothing is ${state}`}>
              A golden path may give what it makes a time to live, with spec.lifetime: sandboxes that nobody has to remember to remove.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}

/** Extend by what the path says, or end it now; both say why. */
export function LifetimeActs({ lifetime }: { readonly lifetime: Lifetime }): ReactNode {
  const [act, setAct] = useState<"extend" | "end">();
  if (lifetime.state !== "active") return null;
  return (
    <>
      <Button.Group>
        <Button size="compact-xs" variant="default" disabled={!lifetime.mayExtend} title={lifetime.whyNot} onClick={() => setAct("extend")}>
          Extend
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => setAct("end")}>
          End now
        </Button>
      </Button.Group>
      <Modal
        opened={act !== undefined}
        onClose={() => setAct(undefined)}
        title={act === "end" ? `End ${lifetime.name} now` : `Extend ${lifetime.name}`}
      >
        {act !== undefined && <ActForm lifetime={lifetime} act={act} onClose={() => setAct(undefined)} />}
      </Modal>
    </>
  );
}

function ActForm({
  lifetime,
  act,
  onClose,
}: {
  readonly lifetime: Lifetime;
  readonly act: "extend" | "end";
  readonly onClose: () => void;
}): ReactNode {
  const [reason, setReason] = useState("");
  const extend = useAct(extendLifetime, { onDone: onClose });
  const end = useAct(endLifetime, { onDone: onClose });
  const doing = act === "extend" ? extend : end;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        doing.mutate({ id: lifetime.id, reason: reason.trim() });
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          {act === "extend" ? (
            <>
              It lives {formatHours(lifetime.extendByHours)} longer, until <When at={lifetime.atMost} /> at most.
            </>
          ) : lifetime.endPath === undefined ? (
            "What the run made is taken back now, the last first."
          ) : (
            `The path ${lifetime.endPath} is followed now, in the name of who asked for it.`
          )}
        </Text>
        <TextInput
          label="Why"
          required
          minLength={3}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <FormFoot
          act={act === "extend" ? "Extend it" : "End it now"}
          sending={doing.isPending}
          disabled={reason.trim().length < 3}
          fault={doing.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}

function formatHours(hours: number): string {
  const days = hours / 24;
  return days >= 1 ? `${Math.round(days)} ${Math.round(days) === 1 ? "day" : "days"}` : `${Math.round(hours * 10) / 10} hours`;
}
