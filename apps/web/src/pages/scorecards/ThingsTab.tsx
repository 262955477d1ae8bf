import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import { ListChecks } from "lucide-react";
import type { ReactNode } from "react";

import { listScores, type Outcome, type ScoreRow } from "@roadbed/contracts/standards/scores";
import { usePages } from "../../api/use-operation.ts";
import { formatPercent } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import row from "../../ui/tool-row.module.css";
import type { Card } from "./card.ts";
import { Choice } from "./Choice.tsx";
import { EFFORT_WORDS, levelState, levelTitle, OUTCOMES } from "./levels.ts";

const route = getRouteApi("/app/scorecards/$name");

/** What it looks at, the lowest level first, with the next step of each; or what one rule gave. */
export function ThingsTab({ card }: { readonly card: Card }): ReactNode {
  const search = route.useSearch();
  const { level, category, rule, outcome, owner, system } = search;
  const navigate = route.useNavigate();
  const [text] = useDebouncedValue(search.q ?? "", 150);
  const set = (more: Partial<typeof search>): void => void navigate({ search: (old) => ({ ...old, ...more }), replace: true });
  const pages = usePages(listScores, {
    name: card.name,
    limit: 50,
    ...(level !== undefined && { level }),
    ...(category !== undefined && { category }),
    ...(rule !== undefined && { rule }),
    ...(rule !== undefined && outcome !== undefined && { outcome }),
    ...(owner !== undefined && { owner }),
    ...(system !== undefined && { system }),
    ...(text !== "" && { text }),
  });
  if (pages.error !== null) return <ErrorState error={pages.error} retry={pages.retry} />;
  return (
    <>
      <div className={row.tools}>
        <Choice
          label="Level"
          all="All levels"
          width={160}
          of={[
            { value: "none", label: levelTitle(card.levels, 0) },
            ...card.levels.map(({ name, title }) => ({ value: name, label: title })),
          ]}
          value={level}
          onChange={(next) => set({ level: next })}
        />
        {card.categories.length > 1 && (
          <Choice
            label="In which category"
            all="Over all categories"
            of={card.categories.map(({ name, title }) => ({ value: name, label: `In ${title}` }))}
            value={category}
            onChange={(next) => set({ category: next })}
          />
        )}
        <Choice
          label="Rule"
          all="Any rule"
          width={280}
          of={card.ruleStates.map(({ id, title }) => ({ value: id, label: title }))}
          value={rule}
          onChange={(next) => set({ rule: next, outcome: next === undefined ? undefined : (outcome ?? "fail") })}
        />
        {rule !== undefined &&
          (["fail", "unknown", "pass", "waived"] as const).map((one) => (
            <button
              key={one}
              type="button"
              className={row.chip}
              aria-pressed={outcome === one}
              onClick={() => set({ outcome: outcome === one ? undefined : one })}
            >
              {OUTCOMES[one].label}
            </button>
          ))}
        <TextInput
          size="xs"
          w={180}
          aria-label="Find by name"
          placeholder="Find by name"
          value={search.q ?? ""}
          onChange={(event) => set({ q: event.currentTarget.value === "" ? undefined : event.currentTarget.value })}
        />
      </div>
      <DataTable
        label={`Things in ${card.title}`}
        columns={columnsOf(card, rule !== undefined)}
        rows={pages.rows}
        rowKey={({ ref }) => ref}
        loading={pages.pending}
        stale={pages.stale}
        onSort={() => {}}
        empty={
          <EmptyState icon={ListChecks} title={isNarrowed(search) ? "Nothing fits" : "It looks at nothing that you may see"}>
            Listed is every entity of the kinds {card.kinds.join(", ")}
            {card.filter === undefined ? "" : " for which the scorecard's filter is true"}.
          </EmptyState>
        }
        footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
      />
    </>
  );
}

function isNarrowed({ level, rule, owner, system, q }: Readonly<Record<string, unknown>>): boolean {
  return [level, rule, owner, system, q].some((one) => one !== undefined);
}

function columnsOf(card: Card, byRule: boolean): readonly Column<ScoreRow>[] {
  return [
    {
      id: "ref",
      header: "Thing",
      width: "22%",
      sortable: false,
      cell: ({ ref, title }) => <EntityLink entityRef={ref} title={title} tab="standards" />,
    },
    {
      id: "owner",
      header: "Owner",
      width: "16%",
      sortable: false,
      cell: ({ owner }) => (owner === undefined ? <span className="rb-dim">nobody</span> : <EntityLink entityRef={owner} />),
    },
    {
      id: "level",
      header: "Level",
      width: "140px",
      sortable: false,
      cell: ({ rank }) => <StateBadge plain word={levelTitle(card.levels, rank)} state={levelState(card.levels, rank)} />,
    },
    {
      id: "score",
      header: "Score",
      width: "70px",
      align: "right",
      sortable: false,
      hint: "Share of the rules that count, by weight",
      cell: ({ score }) => (score === undefined ? "–" : formatPercent(score)),
    },
    byRule
      ? {
          id: "outcome",
          header: "What the rule says",
          sortable: false,
          cell: ({ outcome, message }) => outcome !== undefined && <RuleSays outcome={outcome} message={message} />,
        }
      : {
          id: "next",
          header: "Next step",
          sortable: false,
          cell: ({ next }) =>
            next === undefined ? (
              <span className="rb-dim">At the highest level</span>
            ) : (
              <span title={`${next.steps} to the next level`}>
                {next.title}{" "}
                <span className="rb-dim">
                  {EFFORT_WORDS[next.effort].toLowerCase()}
                  {next.steps > 1 ? `, ${next.steps - 1} more` : ""}
                </span>
              </span>
            ),
        },
  ];
}

function RuleSays({ outcome, message }: { readonly outcome: Outcome; readonly message: string | undefined }): ReactNode {
  const { label, state } = OUTCOMES[outcome];
  return (
    <span title={message}>
      <StateBadge plain word={label} state={state} /> {message !== undefined && <span className="rb-dim">{message}</span>}
    </span>
  );
}
