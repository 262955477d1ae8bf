import type { ReactNode } from "react";

import classes from "./ui.module.css";

/** A small quiet word: a tag, a type, a count. */
export function Tag({ children, title }: { readonly children: ReactNode; readonly title?: string }): ReactNode {
  return (
    <span className={classes.tag} title={title}>
      {children}
    </span>
  );
}

/** Marks what belongs to the sample estate. */
export function SampleTag(): ReactNode {
  return (
    <span className={classes.sampleTag} title="Part of the sample estate: not real, and removable">
      sample
    </span>
  );
}
