import type { ReactNode } from "react";

import type { SourceProblem } from "@roadbed/contracts/catalog";
import type { z } from "@roadbed/core";
import classes from "./sources.module.css";

type Problem = z.infer<typeof SourceProblem>;

/** Long lists are cut: who has a thousand problems mends the first ones first. */
const SHOWN = 200;

/** Where it is, what is wrong, and what mends it. Texts wrap: a reason cut short helps nobody. */
export function ProblemTable({ problems }: { readonly problems: readonly Problem[] }): ReactNode {
  return (
    <ul className={classes.problems} aria-label="Problems">
      {problems.slice(0, SHOWN).map((problem, index) => (
        <li key={index}>
          <div className={classes.where}>
            <code>
              {problem.file}
              {problem.line !== undefined && <b>:{problem.line}</b>}
            </code>
            {problem.ref !== undefined && <span className="rb-dim">{problem.ref}</span>}
          </div>
          <div>
            {problem.at !== "" && <code className={classes.at}>{problem.at}</code>} {problem.reason}
            {problem.mend !== undefined && <p className={classes.mend}>{problem.mend}</p>}
          </div>
        </li>
      ))}
      {problems.length > SHOWN && (
        <li className="rb-dim">and {problems.length - SHOWN} more; mend these first, then read the source again.</li>
      )}
    </ul>
  );
}
