import type { ReactNode } from "react";

import { leftWords } from "./words.ts";
import classes from "./slos.module.css";

/** What is left of an error budget: a bar that empties, and the same in words. What is not known is no empty bar. */
export function BudgetBar({ remaining }: { readonly remaining: number | undefined }): ReactNode {
  const words = leftWords(remaining);
  if (remaining === undefined || words === undefined) return <span className="rb-dim">not known</span>;
  const width = Math.min(1, Math.max(0, remaining)) * 100;
  return (
    <span className={classes.bar}>
      <span className={classes.track} aria-hidden>
        <span className={classes.fill} data-state={remaining < 0.25 ? "fail" : undefined} style={{ width: `${width}%` }} />
      </span>
      <span className={classes.words}>{words}</span>
    </span>
  );
}
