import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { endCampaign, getCampaign, listCampaignThings } from "@roadbed/contracts/standards/campaigns";
import type { OutputOf } from "@roadbed/core";
import { useAct, useOperation, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import row from "../../ui/tool-row.module.css";
import { EFFORT_WORDS } from "../scorecards/levels.ts";
import { BurnDown } from "./BurnDown.tsx";
import { CampaignMends } from "./CampaignMends.tsx";
import { campaignState, sayCampaign, sayDays } from "./campaign-words.ts";
import classes from "./campaigns.module.css";
import { GoalBar } from "./GoalBar.tsx";
import { Narrowing } from "./Narrowing.tsx";

const route = getRouteApi("/app/campaigns/$name");
const Markdown = lazy(async () => ({ default: (await import("../../markdown/Markdown.tsx")).Markdown }));

/** A brief stands alone: there is no page beside it. */
const nowhere = (): void => undefined;

type Known = OutputOf<typeof getCampaign>;
type Team = Known["teams"][number];
type Thing = OutputOf<typeof listCampaignThings>["items"][number];

/** One campaign: how far it is, which teams are not done, and what is left to do where. */
export function CampaignPage(): ReactNode {
  const { name } = route.useParams();
  const { owner, system } = route.useSearch();
  const query = useOperation(getCampaign, { name }, { keep: true });
  const [ending, setEnding] = useState(false);
  const end = useAct(endCampaign);
  const known = query.data;
  const trail = <Link to="/campaigns">Campaigns</Link>;
  if (known === undefined) {
    return (
      <Page title={name} trail={trail}>
        {query.error === null ? <SkeletonRows rows={12} /> : <ErrorState error={query.error} retry={() => void query.refetch()} />}
      </Page>
    );
  }
  return (
    <Page
      title={known.title}
      trail={trail}
      state={sayCampaign(known)}
      act={
        known.state === "open" && (
          <>
            <Button size="xs" variant="default" renderRoot={(props) => <Link to="/campaigns/new" search={{ change: name }} {...props} />}>
              Change
            </Button>
            <Button size="xs" variant="default" onClick={() => setEnding(true)}>
              End it
            </Button>
          </>
        )
      }
    >
      {end.error !== null && <ErrorState error={end.error} />}
      <div className={classes.head}>
        <GoalBar of={known} />
      </div>
      <Facts
        of={[
          [
            "State",
            <StateBadge key="state" word={known.state === "open" ? sayDays(known.daysLeft) : known.state} state={campaignState(known)} />,
          ],
          [
            "About",
            <span key="about" className="rb-prose">
              <Link to="/scorecards/$name" params={{ name: known.scorecard }}>
                {known.scorecardTitle}
              </Link>
              {known.level === undefined ? "" : `, up to ${known.level}`}: {known.ruleTitles.map(({ title }) => title).join(", ")}
            </span>,
          ],
          ["Until", known.deadline],
          ["Run by", known.owner === undefined ? "nobody named" : <EntityLink key="owner" entityRef={known.owner} />],
          ["Reminders", known.remindDays.length === 0 ? "none" : `${known.remindDays.join(", ")} days before, to teams that are not done`],
        ]}
      />
      <Section title="Burn-down">
        <BurnDown of={known} />
      </Section>
      {known.brief.trim() !== "" && (
        <Section title="Brief">
          <Suspense fallback={<SkeletonRows rows={4} />}>
            <Markdown text={known.brief} path="" pages={[]} onPage={nowhere} />
          </Suspense>
        </Section>
      )}
      <Section title="Teams">
        <DataTable label="Teams" columns={TEAMS} rows={known.teams} rowKey={({ ref = "" }) => ref} />
      </Section>
      <CampaignMends name={name} isOpen={known.state === "open"} rules={known.ruleTitles} owner={owner} system={system} />
      <Things name={name} />
      <Confirm
        opened={ending}
        onClose={() => setEnding(false)}
        title={`End ${known.title}`}
        what="It stays as it is now, and nobody is reminded any more."
        word={known.name}
        act="End it"
        onConfirm={() => end.mutate({ name })}
      />
    </Page>
  );
}

const TEAMS: readonly Column<Team>[] = [
  {
    id: "team",
    header: "Team",
    width: "32%",
    value: ({ title }) => title,
    cell: ({ ref, title }) => (ref === undefined ? <span className="rb-dim">{title}</span> : <EntityLink entityRef={ref} title={title} />),
  },
  { id: "share", header: "Done", value: ({ share = 1 }) => share, cell: (team) => <GoalBar of={team} /> },
  {
    id: "open",
    header: "Open",
    width: "90px",
    align: "right",
    value: ({ things, done }) => things - done,
    cell: ({ things, done }) => things - done,
  },
];

function Things({ name }: { readonly name: string }): ReactNode {
  const { done = "open", owner, system } = route.useSearch();
  const navigate = route.useNavigate();
  const pages = usePages(listCampaignThings, {
    name,
    limit: 50,
    ...(done !== "all" && { done: done === "done" }),
    ...(owner !== undefined && { owner }),
    ...(system !== undefined && { system }),
  });
  return (
    <Section title="Things">
      <div className={row.tools}>
        {(["open", "done", "all"] as const).map((one) => (
          <button
            key={one}
            type="button"
            className={row.chip}
            aria-pressed={done === one}
            onClick={() => void navigate({ search: (old) => ({ ...old, done: one === "open" ? undefined : one }), replace: true })}
          >
            {one === "open" ? "Open" : one === "done" ? "Done" : "All"}
          </button>
        ))}
      </div>
      <Narrowing
        of={{ owner, system }}
        onChange={(next) => void navigate({ search: (old) => ({ ...old, ...EVERYTHING, ...next }), replace: true })}
      />
      {pages.error !== null ? (
        <ErrorState error={pages.error} retry={pages.retry} />
      ) : (
        <DataTable
          label="Things of the campaign"
          columns={THINGS}
          rows={pages.rows}
          rowKey={({ ref }) => ref}
          loading={pages.pending}
          stale={pages.stale}
          onSort={() => {}}
          empty={<p className="rb-dim">{done === "open" ? "Nothing is open." : "There is none."}</p>}
          footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
        />
      )}
    </Section>
  );
}

const EVERYTHING = { owner: undefined, system: undefined };

const THINGS: readonly Column<Thing>[] = [
  {
    id: "ref",
    header: "Thing",
    width: "24%",
    sortable: false,
    cell: ({ ref, title }) => <EntityLink entityRef={ref} title={title} tab="standards" />,
  },
  {
    id: "owner",
    header: "Owner",
    width: "18%",
    sortable: false,
    cell: ({ owner }) => (owner === undefined ? <span className="rb-dim">nobody</span> : <EntityLink entityRef={owner} />),
  },
  {
    id: "left",
    header: "What is left",
    sortable: false,
    cell: ({ steps }) =>
      steps.length === 0 ? (
        <StateBadge plain word="done" />
      ) : (
        <span title={steps.map(({ title, mend }) => `${title}: ${mend}`).join("\n")}>
          {steps[0]!.title}{" "}
          <span className="rb-dim">
            {EFFORT_WORDS[steps[0]!.effort].toLowerCase()}
            {steps.length > 1 ? `, ${steps.length - 1} more` : ""}
          </span>
        </span>
      ),
  },
];
