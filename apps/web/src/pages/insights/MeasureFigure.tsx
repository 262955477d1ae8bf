import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { ListedMeasure } from "@roadbed/contracts/product/measures";
import { Sparkline } from "../../charts/Sparkline.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./insights.module.css";
import { intervalWords, statusWords, valueWords } from "./words.ts";

const WEEK = 7 * 86_400_000;

/** One measure in a card: its value, what it may be instead, how it went, and whether that is enough to conclude from. */
export function MeasureFigure({ of, about }: { readonly of: ListedMeasure; readonly about: string | undefined }): ReactNode {
  const { measure, title, unit, value, weeks } = of;
  const status = statusWords(value.status);
  const interval = intervalWords(unit, value);
  return (
    <article className={classes.card}>
      <h2 className={classes.cardTitle}>
        <Link to="/measures/$measure" params={{ measure }} search={about === undefined ? {} : { about }}>
          {title}
        </Link>
      </h2>
      <div className={classes.cardValue}>{valueWords(unit, value.value) ?? <span className="rb-dim">no value</span>}</div>
      <div className={classes.cardNote}>{interval === undefined ? "no interval" : `${interval}, 95 of 100 times`}</div>
      <Sparkline
        points={weeks.map((week) => ({ at: Date.parse(week.from), value: week.value }))}
        stepMs={WEEK}
        label={`${title}, the last ${weeks.length} weeks`}
        width={180}
        height={28}
      />
      <StateBadge plain word={value.status} state={status.state} label={`${status.label} (${value.n})`} title={value.why} />
    </article>
  );
}
