import type { ReactNode } from "react";

import type { testKind } from "@roadbed/contracts/catalog/kinds";
import type { OutputOf } from "@roadbed/core";
import { formatCount } from "../../format/number.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./kinds.module.css";

/** What the server says of a kind that is not saved yet. */
export function KindVerdict({ test, stale }: { readonly test: OutputOf<typeof testKind> | undefined; readonly stale: boolean }): ReactNode {
  if (test === undefined) return <p className="rb-dim">Testing…</p>;
  const { problems, notes, invalid, entities, rules, change } = test;
  return (
    <div role="status" className={classes.verdict} data-stale={stale}>
      {problems.length > 0 ? (
        <StateBadge word="failed" label={formatCount(problems.length, "problem")} />
      ) : invalid.count > 0 ? (
        <StateBadge word="warn" label={`${formatCount(invalid.count, "entity", "entities")} of ${entities} would become invalid`} />
      ) : (
        <StateBadge word="ok" label={SENTENCE[change]} />
      )}
      {entities > 0 && invalid.count === 0 && problems.length === 0 && (
        <span className="rb-dim"> {formatCount(entities, "entity", "entities")} checked, all well.</span>
      )}
      <ul className={classes.problems}>
        {[...problems, ...notes].map(({ line, at, reason, mend }) => (
          <li key={`${at} ${reason}`}>
            {line !== undefined && <span className="rb-dim">line {line} </span>}
            <code>{at}</code> {reason}
            {mend !== undefined && <span className="rb-dim">. {mend}</span>}
          </li>
        ))}
        {invalid.items.map(({ ref, at, reason }) => (
          <li key={ref}>
            <EntityLink entityRef={ref} /> <code>{at}</code> {reason}
          </li>
        ))}
        {rules.map(({ name, edges, cut, fault }) => (
          <li key={name}>
            Rule <b>{name}</b> would make {formatCount(edges, "relation")}
            {cut && ": more pairs would have to be looked at than are; narrow it by equal values"}
            {fault !== undefined && <span className="rb-dim">: {fault}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

const SENTENCE = { created: "A new kind, ready to be saved", changed: "Ready to be saved", unchanged: "As it is saved" } as const;
