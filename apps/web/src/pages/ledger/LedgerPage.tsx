import { SegmentedControl, TextInput } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { BookCheck } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { listLedger, type LedgerEntry } from "@roadbed/contracts/paths/ledger";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./ledger.module.css";
import { labelOf, LedgerBadge, STATE_ORDER, versionWords } from "./words.tsx";

const route = getRouteApi("/app/ledger");

const COLUMNS: readonly Column<LedgerEntry>[] = [
  {
    id: "thing",
    header: "Made",
    width: "18%",
    value: ({ repository }) => repository,
    cell: ({ id, repository }) => (
      <Link to="/ledger/$id" params={{ id }}>
        {repository}
      </Link>
    ),
  },
  { id: "state", header: "State", width: "190px", value: ({ state }) => state, cell: (entry) => <LedgerBadge plain entry={entry} /> },
  {
    id: "path",
    header: "Path",
    width: "16%",
    value: ({ pathTitle }) => pathTitle,
    cell: ({ path, pathTitle }) => (
      <Link to="/create/$path" params={{ path: path.replace(/^.*\//, "") }}>
        {pathTitle}
      </Link>
    ),
  },
  { id: "version", header: "Version", width: "150px", value: ({ version }) => version ?? "", cell: (entry) => versionWords(entry) },
  {
    id: "entity",
    header: "Entity",
    cell: ({ entityRef }) => (entityRef === undefined ? null : <EntityLink entityRef={entityRef} />),
  },
  { id: "made", header: "Since", width: "110px", value: ({ madeAt }) => madeAt, cell: ({ madeAt }) => <When at={madeAt} /> },
  {
    id: "seen",
    header: "Looked at",
    width: "110px",
    value: ({ checkedAt }) => checkedAt ?? "",
    cell: ({ checkedAt }) => (checkedAt === undefined ? "never" : <When at={checkedAt} />),
  },
];

/** Everything that golden paths made, and how far it is from its path by now. */
export function LedgerPage(): ReactNode {
  const { state, q, path } = route.useSearch();
  const navigate = route.useNavigate();
  const asked = { ...(q !== undefined && { q }), ...(path !== undefined && { path }) };
  const list = usePages(listLedger, { ...asked, limit: 50, ...(state !== undefined && { state }) });
  const summary = useOperation(listLedger, { ...asked, limit: 1 }, { keep: true });
  const counts = summary.data?.counts;
  const all = STATE_ORDER.reduce((sum, one) => sum + (counts?.[one] ?? 0), 0);
  return (
    <Page
      title="Ledger"
      act={<Link to="/upgrades">Upgrades</Link>}
      state={counts === undefined ? "What golden paths made." : sentence(all, counts)}
    >
      <div className={classes.tools}>
        <SegmentedControl
          size="xs"
          aria-label="State"
          value={state ?? "all"}
          onChange={(value) =>
            void navigate({ search: (old) => ({ ...old, state: value === "all" ? undefined : (value as LedgerEntry["state"]) }) })
          }
          data={[
            { value: "all", label: `All ${all}` },
            ...STATE_ORDER.map((value) => ({ value, label: `${labelOf(value)} ${counts?.[value] ?? 0}` })),
          ]}
        />
        <Search value={q} onChange={(value) => void navigate({ search: (old) => ({ ...old, q: value }) })} />
      </div>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Ledger"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState
              icon={BookCheck}
              title={all === 0 ? "Nothing was made by a path yet" : "Nothing fits"}
              act={<Link to="/create">Choose a golden path</Link>}
            >
              What a path makes stands here with its version and answers. Each push is compared with what the path made, so that drift has a
              commit and an author.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}

function sentence(all: number, counts: Partial<Record<LedgerEntry["state"], number>>): string {
  if (all === 0) return "What golden paths made, and how far it is from its path by now.";
  const parts = STATE_ORDER.filter((state) => (counts[state] ?? 0) > 0).map((state) => `${counts[state]} ${labelOf(state)}`);
  return `${formatCount(all, "thing")} made by golden paths: ${parts.join(", ")}.`;
}

function Search({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}): ReactNode {
  const [text, setText] = useState(value ?? "");
  useEffect(() => {
    const timer = setTimeout(() => {
      const wanted = text.trim() === "" ? undefined : text.trim();
      if (wanted !== value) onChange(wanted);
    }, 250);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <TextInput
      size="xs"
      aria-label="Part of a name"
      placeholder="Part of a name"
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  );
}
