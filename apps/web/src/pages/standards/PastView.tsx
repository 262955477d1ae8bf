import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { PastDecisions } from "@roadbed/contracts/standards/workbench";
import { formatCount } from "../../format/number.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { MOMENT_WORDS, notCoveredOf, VERDICT_WORDS } from "./policy-words.ts";
import classes from "./standards.module.css";

/** Which decisions would have been others: in all, by team and by point, with examples, and what is not in it. */
export function PastView({ past }: { readonly past: PastDecisions }): ReactNode {
  const left = notCoveredOf(past);
  return (
    <Section title="On past decisions">
      <p>
        Since <When at={past.since} />, of {formatCount(past.asked, "decision")} that could be asked again, {past.stopped} would have been
        stopped that went on, {past.freed} would have gone on that were stopped, {past.warned} would have been warned.
      </p>
      {left.length > 0 && <p className="rb-dim">{left.join(" ")}</p>}
      {past.teams.length > 0 && <Counts label="Team" rows={past.teams.map((one) => ({ ...one, what: teamOf(one.name) }))} />}
      {past.points.length > 0 && <Counts label="Point" rows={past.points.map((one) => ({ ...one, what: MOMENT_WORDS[one.name] }))} />}
      {past.examples.length > 0 && (
        <ul className={classes.findings} aria-label="Decisions that would have been others">
          {past.examples.slice(0, 10).map(({ id, subject, at, before, after, findings }) => (
            <li key={id} className={classes.finding} data-severity={after === "warn" ? "warn" : after === "allow" ? "audit" : "deny"}>
              <Link to="/standards/decisions/$id" params={{ id }}>
                {subject}
              </Link>
              <p className="rb-dim">
                <When at={at} /> · was {VERDICT_WORDS[before]}, would have been {VERDICT_WORDS[after]}
                {findings[0] !== undefined && ` · ${findings[0].message}`}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function teamOf(name: string): ReactNode {
  return name === "" ? <span className="rb-dim">owned by nobody</span> : <EntityLink entityRef={name} />;
}

interface Row {
  readonly name: string;
  readonly what: ReactNode;
  readonly asked: number;
  readonly stopped: number;
  readonly freed: number;
  readonly warned: number;
}

function Counts({ label, rows }: { readonly label: string; readonly rows: readonly Row[] }): ReactNode {
  return (
    <table className={classes.teams}>
      <thead>
        <tr>
          <th>{label}</th>
          <th>Asked</th>
          <th>Stopped</th>
          <th>Freed</th>
          <th>Warned</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, what, asked, stopped, freed, warned }) => (
          <tr key={name}>
            <td>{what}</td>
            <td>{asked}</td>
            <td>{stopped}</td>
            <td>{freed}</td>
            <td>{warned}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
