import type { ReactNode } from "react";

import type { SourceTest } from "@roadbed/contracts/catalog/connections";
import { formatCount, formatNumber } from "../../format/number.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { ProblemTable } from "./ProblemTable.tsx";
import classes from "./sources.module.css";

/** What a run would do now, before anything is written. */
export function TestView({ test }: { readonly test: SourceTest }): ReactNode {
  const { counts, added, changed, removed, problems, wouldHold } = test;
  const nothing = counts.registered + counts.changed + counts.removed === 0;
  return (
    <div className={classes.test} role="status" aria-label="Test">
      <p>
        <StateBadge
          word={wouldHold !== undefined || problems.length > 0 ? "warn" : "ok"}
          label={`${formatCount(counts.read, "thing", "things")} read, nothing written`}
        />
      </p>
      {wouldHold !== undefined && <p data-state="warn">The run would wait for a decision: {wouldHold}.</p>}
      {nothing && problems.length === 0 && <p className="rb-dim">Nothing would change.</p>}
      <Samples title="Would be added" count={counts.registered} items={added.map(({ ref, title }) => [ref, title])} />
      <Samples title="Would change" count={counts.changed} items={changed.map(({ ref, fields }) => [ref, fields?.join(", ")])} />
      <Samples title="Would be removed" count={counts.removed} items={removed.map(({ ref }) => [ref, undefined])} />
      {problems.length > 0 && (
        <>
          <h3 className={classes.sub}>Problems</h3>
          <ProblemTable problems={problems} />
        </>
      )}
    </div>
  );
}

/** A number, and some of what is behind it. */
export function Samples({
  title,
  count,
  items,
}: {
  readonly title: string;
  readonly count: number;
  readonly items: readonly (readonly [string, string | undefined])[];
}): ReactNode {
  if (count === 0) return null;
  return (
    <>
      <h3 className={classes.sub}>
        {title}: {formatNumber(count)}
      </h3>
      <ul className={classes.samples}>
        {items.map(([ref, more]) => (
          <li key={ref}>
            <code>{ref}</code> {more !== undefined && <span className="rb-dim">{more}</span>}
          </li>
        ))}
        {count > items.length && <li className="rb-dim">and {formatNumber(count - items.length)} more</li>}
      </ul>
    </>
  );
}
