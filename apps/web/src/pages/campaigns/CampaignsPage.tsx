import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Flag } from "lucide-react";
import type { ReactNode } from "react";

import { listCampaigns, type Campaign } from "@roadbed/contracts/standards/campaigns";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { campaignState, sayCampaigns, sayDays } from "./campaign-words.ts";
import { GoalBar } from "./GoalBar.tsx";
import { Narrowing } from "./Narrowing.tsx";

const route = getRouteApi("/app/campaigns");

/** What is being moved forward, until when, and how far it is. */
export function CampaignsPage(): ReactNode {
  const { owner, system } = route.useSearch();
  const navigate = route.useNavigate();
  const isNarrow = owner !== undefined || system !== undefined;
  const pages = usePages(listCampaigns, { limit: 50, ...(owner !== undefined && { owner }), ...(system !== undefined && { system }) });
  return (
    <Page
      title="Campaigns"
      trail={<Link to="/scorecards">Scorecards</Link>}
      state={pages.pending ? "Counting…" : sayCampaigns(pages.rows)}
      act={
        <Button size="xs" renderRoot={(props) => <Link to="/campaigns/new" {...props} />}>
          New campaign
        </Button>
      }
    >
      <Narrowing of={{ owner, system }} onChange={(search) => void navigate({ search, replace: true })} />
      {pages.error !== null ? (
        <ErrorState error={pages.error} retry={pages.retry} />
      ) : (
        <DataTable
          label="Campaigns"
          columns={COLUMNS}
          rows={pages.rows}
          rowKey={({ name }) => name}
          loading={pages.pending}
          onSort={() => {}}
          empty={
            isNarrow ? (
              <p className="rb-dim">No campaign is about these.</p>
            ) : (
              <EmptyState icon={Flag} title="There is no campaign yet" act={<Link to="/campaigns/new">Begin one</Link>}>
                A campaign moves everything that a scorecard looks at, or a part of it, up to a level by a day: with a brief for the teams,
                reminders, and a burn-down that follows from the results themselves.
              </EmptyState>
            )
          }
          footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
        />
      )}
    </Page>
  );
}

const COLUMNS: readonly Column<Campaign>[] = [
  {
    id: "title",
    header: "Campaign",
    width: "28%",
    sortable: false,
    cell: ({ name, title }) => (
      <Link to="/campaigns/$name" params={{ name }}>
        {title}
      </Link>
    ),
  },
  {
    id: "scorecard",
    header: "Of",
    width: "20%",
    sortable: false,
    cell: ({ scorecard, scorecardTitle, level, rules }) => (
      <span className="rb-prose">
        <Link to="/scorecards/$name" params={{ name: scorecard }}>
          {scorecardTitle}
        </Link>{" "}
        <span className="rb-dim">{level ?? `${rules.length} ${rules.length === 1 ? "rule" : "rules"}`}</span>
      </span>
    ),
  },
  {
    id: "owner",
    header: "Run by",
    width: "16%",
    sortable: false,
    cell: ({ owner }) => (owner === undefined ? <span className="rb-dim">nobody named</span> : <EntityLink entityRef={owner} />),
  },
  { id: "progress", header: "Done", sortable: false, cell: (one) => <GoalBar of={one} /> },
  {
    id: "state",
    header: "State",
    width: "150px",
    sortable: false,
    cell: (one) => <StateBadge plain word={one.state === "open" ? sayDays(one.daysLeft) : one.state} state={campaignState(one)} />,
  },
];
