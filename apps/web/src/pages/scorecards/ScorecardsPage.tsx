import { Button, Select } from "@mantine/core";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ClipboardCheck } from "lucide-react";
import type { ReactNode } from "react";

import { getScorecard, listScorecards, type ScorecardRow } from "@roadbed/contracts/standards/scorecards";
import { getMatrix } from "@roadbed/contracts/standards/scores";
import type { OutputOf } from "@roadbed/core";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatPercent } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";
import row from "../../ui/tool-row.module.css";
import { LevelBar, LevelLegend } from "./LevelBar.tsx";
import { answerOf, computingOf, weakestOf } from "./levels.ts";
import classes from "./scorecards.module.css";

const route = getRouteApi("/app/scorecards");

/** How far has everything come? The rubric, by team or system and category; below it the scorecards of teams. */
export function ScorecardsPage(): ReactNode {
  const list = useOperation(listScorecards, { limit: 100 }, { keep: true });
  const { scorecard } = route.useSearch();
  const rows = list.data?.items ?? [];
  const shown = rows.find(({ name }) => name === scorecard) ?? rows[0];
  const detail = useOperation(getScorecard, { name: shown?.name ?? "" }, { enabled: shown !== undefined, keep: true });
  const weakest = useWeakest(shown?.name, detail.data);
  return (
    <Page
      title="Scorecards"
      state={shown === undefined ? (list.isPending ? "Counting…" : "There are none yet.") : sentenceOf(shown, weakest)}
      act={
        <Button size="xs" renderRoot={(props) => <Link to="/scorecards/new" {...props} />}>
          New scorecard
        </Button>
      }
    >
      {list.error !== null && list.data === undefined ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : shown === undefined ? (
        !list.isPending && <Nothing />
      ) : (
        <>
          <Matrix of={shown} all={rows} detail={detail.data} />
          <Section title="All scorecards">
            <DataTable label="Scorecards" columns={COLUMNS} rows={rows} rowKey={({ name }) => name} />
          </Section>
        </>
      )}
    </Page>
  );
}

type Card = OutputOf<typeof getScorecard>;
type Group = OutputOf<typeof getMatrix>["items"][number];

function sentenceOf(card: ScorecardRow, weakest: string | undefined): string {
  return `${card.title}: ${answerOf({ ...card, weakest })}${computingOf(card)}`;
}

/** The category with the lowest share of passes over everything. */
function useWeakest(name: string | undefined, card: Card | undefined): string | undefined {
  if (card === undefined || card.name !== name) return undefined;
  return weakestOf(
    card.categories.map(({ name: category, title }) => {
      const rules = card.ruleStates.filter((rule) => rule.category === category && rule.counts);
      const passed = rules.reduce((sum, rule) => sum + rule.passed * rule.weight, 0);
      const counted = rules.reduce((sum, rule) => sum + (rule.passed + rule.failed + rule.unknown) * rule.weight, 0);
      return { title, ...(counted > 0 && { passShare: passed / counted }) };
    }),
  );
}

function Matrix({
  of,
  all,
  detail,
}: {
  readonly of: ScorecardRow;
  readonly all: readonly ScorecardRow[];
  readonly detail: Card | undefined;
}): ReactNode {
  const { by = "owner" } = route.useSearch();
  const navigate = useNavigate();
  const pages = usePages(getMatrix, { name: of.name, by, limit: 100 });
  const categories = detail?.name === of.name ? detail.categories : [];
  return (
    <>
      <div className={classes.head}>
        <LevelBar levels={of.levels} counts={of.levelCounts} labelled />
        <LevelLegend levels={of.levels} />
      </div>
      <div className={row.tools}>
        {all.length > 1 && (
          <Select
            size="xs"
            w={240}
            aria-label="Scorecard"
            allowDeselect={false}
            data={all.map(({ name, title, rubric }) => ({ value: name, label: rubric ? `${title} (rubric)` : title }))}
            value={of.name}
            onChange={(name) =>
              void navigate({
                to: "/scorecards",
                search: { by, ...(name !== null && name !== all[0]?.name && { scorecard: name }) },
                replace: true,
              })
            }
          />
        )}
        {(["owner", "system"] as const).map((one) => (
          <button
            key={one}
            type="button"
            className={row.chip}
            aria-pressed={by === one}
            onClick={() => void navigate({ to: "/scorecards", search: (old) => ({ ...old, by: one }), replace: true })}
          >
            {one === "owner" ? "By team" : "By system"}
          </button>
        ))}
        <Link to="/scorecards/$name" params={{ name: of.name }}>
          Rules and what fails
        </Link>
      </div>
      {pages.error !== null ? (
        <ErrorState error={pages.error} retry={pages.retry} />
      ) : (
        <DataTable
          label={`${of.title} by ${by === "owner" ? "team" : "system"}`}
          columns={matrixColumns(of, categories, by)}
          rows={pages.rows}
          rowKey={({ ref = "" }) => ref}
          loading={pages.pending}
          stale={pages.stale}
          empty={
            <EmptyState icon={ClipboardCheck} title="It looks at nothing that you may see">
              A scorecard looks at the kinds of entities that it names, and of these at those for which its filter is true.
            </EmptyState>
          }
          footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
        />
      )}
    </>
  );
}

function matrixColumns(card: ScorecardRow, categories: Card["categories"], by: "owner" | "system"): readonly Column<Group>[] {
  const search = (group: Group): Record<string, string> => (group.ref === undefined ? {} : { [by]: group.ref });
  return [
    {
      id: "title",
      header: by === "owner" ? "Team" : "System",
      value: ({ title }) => title,
      cell: ({ ref, title }) =>
        ref === undefined ? <span className="rb-dim">{title}</span> : <EntityLink entityRef={ref} title={title} />,
    },
    { id: "things", header: "Things", width: "76px", align: "right", value: ({ things }) => things, cell: ({ things }) => things },
    {
      id: "overall",
      header: "Level",
      width: "16%",
      hint: "How many are at which level, and the share of what holds",
      value: ({ passShare = 0 }) => passShare,
      cell: (group) => (
        <Link className={classes.cell} to="/scorecards/$name" params={{ name: card.name }} search={search(group)}>
          <LevelBar levels={card.levels} counts={group.levelCounts} />
          <span>{group.passShare === undefined ? "–" : formatPercent(group.passShare)}</span>
        </Link>
      ),
    },
    ...categories.map(({ name, title }): Column<Group> => ({
      id: `category-${name}`,
      header: title,
      value: ({ cells }) => cells.find(({ category }) => category === name)?.passShare,
      cell: (group) => {
        const cell = group.cells.find(({ category }) => category === name);
        if (cell === undefined) return "–";
        return (
          <Link className={classes.cell} to="/scorecards/$name" params={{ name: card.name }} search={{ ...search(group), category: name }}>
            <LevelBar levels={card.levels} counts={cell.levelCounts} />
            <span>{cell.passShare === undefined ? "–" : formatPercent(cell.passShare)}</span>
          </Link>
        );
      },
    })),
  ];
}

const COLUMNS: readonly Column<ScorecardRow>[] = [
  {
    id: "title",
    header: "Scorecard",
    width: "30%",
    value: ({ title }) => title,
    cell: ({ name, title, rubric }) => (
      <>
        <Link to="/scorecards/$name" params={{ name }}>
          {title}
        </Link>{" "}
        {rubric && <Tag title="The one scorecard of the whole organisation; those of teams do not count for it">rubric</Tag>}
      </>
    ),
  },
  {
    id: "owner",
    header: "Of",
    value: ({ owner = "" }) => owner,
    cell: ({ owner }) => (owner === undefined ? <span className="rb-dim">everybody</span> : <EntityLink entityRef={owner} />),
  },
  { id: "rules", header: "Rules", width: "76px", align: "right", value: ({ rules }) => rules, cell: ({ rules }) => rules },
  {
    id: "things",
    header: "Things",
    width: "84px",
    align: "right",
    value: ({ things }) => things,
    cell: ({ things }) => things.toLocaleString("en"),
  },
  {
    id: "levels",
    header: "Levels",
    value: ({ passShare = 0 }) => passShare,
    cell: ({ levels, levelCounts }) => <LevelBar levels={levels} counts={levelCounts} />,
  },
];

function Nothing(): ReactNode {
  return (
    <EmptyState icon={ClipboardCheck} title="There is no scorecard yet" act={<Link to="/scorecards/new">Write the first one</Link>}>
      <p>
        A scorecard says how far each thing has come: rules over what the catalogue knows, each needed for a level. One is the rubric of the
        whole organisation; teams have their own beside it.
      </p>
    </EmptyState>
  );
}
