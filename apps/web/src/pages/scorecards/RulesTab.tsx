import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { ScorecardRuleView } from "@roadbed/contracts/standards/scorecards";
import { formatPercent } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { EFFORT_WORDS } from "./levels.ts";
import type { Card } from "./card.ts";
import classes from "./scorecards.module.css";

const route = getRouteApi("/app/scorecards/$name");

/** What is demanded, for which level, and how many fulfil it. */
export function RulesTab({ card }: { readonly card: Card }): ReactNode {
  const { owner, system } = route.useSearch();
  const narrow = { ...(owner !== undefined && { owner }), ...(system !== undefined && { system }) };
  return (
    <DataTable
      label={`Rules of ${card.title}`}
      columns={columnsOf(card, narrow)}
      rows={card.ruleStates}
      rowKey={({ id }) => id}
      sort="level"
    />
  );
}

function columnsOf(card: Card, narrow: { owner?: string; system?: string }): readonly Column<ScorecardRuleView>[] {
  const rankOf = ({ level }: ScorecardRuleView): number => card.levels.findIndex(({ name }) => name === level);
  const titleOf = (list: readonly { name: string; title: string }[], name: string): string =>
    list.find((one) => one.name === name)?.title ?? name;
  const asked = ({ passed, failed, unknown }: ScorecardRuleView): number => passed + failed + unknown;
  const count = (rule: ScorecardRuleView, outcome: "fail" | "unknown" | "waived", many: number): ReactNode =>
    many === 0 ? (
      <span className="rb-dim">0</span>
    ) : (
      <Link to="/scorecards/$name" params={{ name: card.name }} search={{ ...narrow, rule: rule.id, outcome }}>
        {many.toLocaleString("en")}
      </Link>
    );
  return [
    { id: "level", header: "Level", width: "96px", value: rankOf, cell: ({ level }) => titleOf(card.levels, level) },
    {
      id: "category",
      header: "Category",
      width: "130px",
      value: ({ category }) => titleOf(card.categories, category),
      cell: ({ category }) => titleOf(card.categories, category),
    },
    {
      id: "title",
      header: "Rule",
      value: ({ title }) => title,
      cell: ({ title, expression, counts, effectiveFrom, mend }) => (
        <span title={`${expression}\n\n${mend}`}>
          {title} {!counts && <Tag title="Its result is shown and does not count until then">from {effectiveFrom?.slice(0, 10)}</Tag>}
        </span>
      ),
    },
    {
      id: "share",
      header: "Pass",
      width: "150px",
      value: (rule) => (asked(rule) === 0 ? undefined : rule.passed / asked(rule)),
      cell: (rule) => {
        if (asked(rule) === 0) return <span className="rb-dim">nothing is asked</span>;
        const share = rule.passed / asked(rule);
        return (
          <span className={classes.cell} title={`${rule.passed} of ${asked(rule)}; ${rule.notApplicable} not asked`}>
            <span className={classes.bar} aria-hidden>
              {share > 0 && <span style={{ flexGrow: share, background: "var(--rb-ok)" }} />}
              {share < 1 && <span style={{ flexGrow: 1 - share, background: "var(--rb-border-strong)" }} />}
            </span>
            <span>{formatPercent(share)}</span>
          </span>
        );
      },
    },
    {
      id: "failed",
      header: "Fail",
      width: "70px",
      align: "right",
      value: ({ failed }) => failed,
      cell: (rule) => count(rule, "fail", rule.failed),
    },
    {
      id: "unknown",
      header: "Unknown",
      width: "90px",
      align: "right",
      value: ({ unknown }) => unknown,
      cell: (rule) => count(rule, "unknown", rule.unknown),
    },
    {
      id: "waived",
      header: "Waived",
      width: "80px",
      align: "right",
      value: ({ waived }) => waived,
      cell: (rule) => count(rule, "waived", rule.waived),
    },
    {
      id: "effort",
      header: "Mend takes",
      width: "104px",
      value: ({ effort }) => Object.keys(EFFORT_WORDS).indexOf(effort),
      cell: ({ effort }) => EFFORT_WORDS[effort],
    },
    { id: "weight", header: "Weight", width: "76px", align: "right", value: ({ weight }) => weight, cell: ({ weight }) => weight },
  ];
}
