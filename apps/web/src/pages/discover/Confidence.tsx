import type { ReactNode } from "react";

import classes from "./discover.module.css";
import { gradeOf, percent } from "./words.ts";

/** How sure something is: a number, a short bar and, for those who hear it, a word. */
export function Confidence({ of, title }: { readonly of: number; readonly title?: string | undefined }): ReactNode {
  const grade = gradeOf(of);
  return (
    <span className={classes.confidence} data-grade={grade} title={title ?? `${grade}: ${percent(of)}`}>
      <span className={classes.bar} aria-hidden>
        <span style={{ width: `${Math.round(of * 100)}%` }} />
      </span>
      <span className="rb-num">{percent(of)}</span>
    </span>
  );
}
