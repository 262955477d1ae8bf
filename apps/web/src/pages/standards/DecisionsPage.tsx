import { SegmentedControl } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";

import { listDecisions, type Decision } from "@roadbed/contracts/standards";
import { usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { VERDICT_WORDS } from "./policy-words.ts";
import classes from "./standards.module.css";

const route = getRouteApi("/app/standards/decisions");

/** What did the policies decide, about whose act, and why? */
export function DecisionsPage(): ReactNode {
  const { verdict, entity } = route.useSearch();
  const navigate = route.useNavigate();
  const list = usePages(listDecisions, { limit: 50, ...(verdict !== undefined && { verdict }), ...(entity !== undefined && { entity }) });
  return (
    <Page
      title="Policy decisions"
      trail={<Link to="/standards">Policies</Link>}
      state={list.pending ? "Reading…" : answerOf(list.rows, list.more !== undefined)}
    >
      {entity !== undefined && (
        <p>
          About <EntityLink entityRef={entity} /> only. <Link to="/standards/decisions">All decisions</Link>
        </p>
      )}
      <SegmentedControl
        size="xs"
        mb="sm"
        aria-label="Verdict"
        value={verdict ?? "all"}
        onChange={(value) =>
          void navigate({
            search: { ...(entity !== undefined && { entity }), ...(value !== "all" && { verdict: value as Decision["verdict"] }) },
            replace: true,
          })
        }
        data={FILTERS}
      />
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Policy decisions"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState
              icon={ShieldCheck}
              title={verdict === undefined ? "Nothing was decided yet" : `Nothing was ${VERDICT_WORDS[verdict]}`}
              act={<Link to="/create">Follow a golden path</Link>}
            >
              Policies are asked before a golden path makes anything. Each answer is kept here with its reasons, and how to mend what was
              denied.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}

const FILTERS = [
  { value: "all", label: "All" },
  { value: "deny", label: "Denied" },
  { value: "unknown", label: "Not known" },
  { value: "warn", label: "Warned" },
  { value: "allow", label: "Allowed" },
];

function answerOf(rows: readonly Decision[], more: boolean): string {
  if (rows.length === 0) return "No decision of this kind.";
  const denied = rows.filter(({ verdict }) => verdict === "deny").length;
  return `${more ? "The newest " : ""}${formatCount(rows.length, "decision")}: ${denied === 0 ? "none denied" : `${denied} denied`}.`;
}

const COLUMNS: readonly Column<Decision>[] = [
  {
    id: "verdict",
    header: "Verdict",
    width: "176px",
    cell: ({ id, verdict }) => (
      <Link to="/standards/decisions/$id" params={{ id }} className={classes.name}>
        <StateBadge plain word={verdict} label={VERDICT_WORDS[verdict]} />
      </Link>
    ),
  },
  { id: "subject", header: "About", width: "26%", cell: ({ subject }) => <span title={subject}>{subject}</span> },
  {
    id: "why",
    header: "Why",
    cell: ({ findings }) => (
      <span title={findings.map(({ message }) => message).join("\n")}>
        {findings[0]?.message}
        {findings.length > 1 && <span className="rb-dim"> and {`${findings.length - 1} more`}</span>}
      </span>
    ),
  },
  { id: "actor", header: "Asked by", width: "15%", cell: ({ actor }) => <span title={actor}>{actor}</span> },
  { id: "moment", header: "At", width: "96px", cell: ({ moment }) => moment },
  { id: "when", header: "When", width: "112px", cell: ({ at }) => <When at={at} /> },
];
