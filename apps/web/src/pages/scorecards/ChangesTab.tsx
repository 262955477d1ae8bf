import { getRouteApi } from "@tanstack/react-router";
import { History } from "lucide-react";
import type { ReactNode } from "react";

import { listScorecardVersions } from "@roadbed/contracts/standards/scorecards";
import { getTrend, listScoreChanges, type ScoreChange } from "@roadbed/contracts/standards/scores";
import { useOperation, usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { levelColour, levelTitle, OUTCOMES, sayLevels } from "./levels.ts";
import type { Card } from "./card.ts";
import classes from "./scorecards.module.css";

const route = getRouteApi("/app/scorecards/$name");
const DAYS = 42;

/** How it went: day by day, result by result, and how the rules themselves changed. */
export function ChangesTab({ card }: { readonly card: Card }): ReactNode {
  const { owner, system } = route.useSearch();
  const narrow = { ...(owner !== undefined && { owner }), ...(system !== undefined && { system }) };
  const trend = useOperation(getTrend, { name: card.name, days: DAYS, ...narrow }, { keep: true });
  const changes = usePages(listScoreChanges, { name: card.name, limit: 50, ...(owner !== undefined && { owner }) });
  const versions = useOperation(listScorecardVersions, { name: card.name, limit: 20 });
  return (
    <>
      <Section title={`The last ${DAYS} days`}>
        <Loaded query={trend} skeleton={92}>
          {({ days, since }) => (
            <>
              <div className={classes.trend}>
                {days.map(({ at, things, levelCounts }) => (
                  <span
                    key={at}
                    role="img"
                    aria-label={`${at.slice(0, 10)}: ${sayLevels(card.levels, levelCounts)}`}
                    title={`${at.slice(0, 10)}: ${sayLevels(card.levels, levelCounts)}`}
                    style={{ height: "100%" }}
                  >
                    {levelCounts
                      .map((count, rank) => ({ count, rank }))
                      .reverse()
                      .map(({ count, rank }) =>
                        count === 0 ? null : (
                          <span
                            key={rank}
                            style={{ flexGrow: count / Math.max(1, things), background: levelColour(rank, card.levels.length) }}
                          />
                        ),
                      )}
                  </span>
                ))}
              </div>
              <p className="rb-dim">
                Today's things, and at which level they were at the end of each day.{" "}
                {since !== undefined && (
                  <>
                    The first result is <When at={since} />.
                  </>
                )}
              </p>
            </>
          )}
        </Loaded>
      </Section>
      <Section title="Results that changed">
        <DataTable
          label="Results that changed"
          columns={changeColumns(card)}
          rows={changes.rows}
          rowKey={({ id }) => id}
          loading={changes.pending}
          stale={changes.stale}
          onSort={() => {}}
          empty={
            <EmptyState compact icon={History} title="No result has changed yet">
              A first result is no change. From then on each one is kept, with the rules that made it so.
            </EmptyState>
          }
          footer={<LoadMore more={changes.more} loading={changes.loadingMore} shown={changes.rows.length} total={changes.total} />}
        />
      </Section>
      <Section title="Versions of the scorecard">
        <Loaded query={versions} skeleton={60}>
          {({ items }) => (
            <DataTable
              label="Versions"
              columns={[
                { id: "version", header: "Version", width: "90px", cell: ({ version }) => version },
                { id: "at", header: "When", width: "140px", cell: ({ at }) => <When at={at} /> },
                { id: "actor", header: "By", width: "22%", cell: ({ actor }) => <Actor of={actor} /> },
                { id: "rules", header: "Rules", width: "80px", align: "right", cell: ({ rules }) => rules },
                { id: "reason", header: "Why", cell: ({ reason }) => reason ?? <span className="rb-dim">not said</span> },
              ]}
              rows={items}
              rowKey={({ version }) => String(version)}
            />
          )}
        </Loaded>
      </Section>
    </>
  );
}

const CAUSES: Readonly<Record<ScoreChange["cause"], string>> = {
  entity: "something about it changed",
  scorecard: "the rules changed",
  time: "time passed",
};

function changeColumns({ levels }: Card): readonly Column<ScoreChange>[] {
  const title = (name: string | undefined): string => levels.find((one) => one.name === name)?.title ?? levelTitle(levels, 0);
  return [
    { id: "at", header: "When", width: "120px", sortable: false, cell: ({ at }) => <When at={at} /> },
    {
      id: "ref",
      header: "Thing",
      width: "24%",
      sortable: false,
      cell: (one) => <EntityLink entityRef={one.ref} title={one.title} tab="standards" />,
    },
    {
      id: "level",
      header: "Level",
      width: "24%",
      sortable: false,
      cell: ({ before, after, rose, fell }) =>
        rose || fell ? (
          <StateBadge plain word={`${title(before)} → ${title(after)}`} state={rose ? "ok" : "fail"} />
        ) : (
          <span className="rb-dim">{title(after)}</span>
        ),
    },
    {
      id: "rules",
      header: "Rules",
      sortable: false,
      cell: ({ rules, cause }) => (
        <span title={CAUSES[cause]}>
          {rules
            .map((rule) => `${rule.title}: ${rule.after === undefined ? "not asked" : OUTCOMES[rule.after].label.toLowerCase()}`)
            .join("; ") || CAUSES[cause]}
        </span>
      ),
    },
  ];
}
