import type { ReactNode } from "react";

import classes from "./ui.module.css";

/** A sentence in which `code` between backticks is shown as code. Nothing else in it is markup. */
export function Inline({ text }: { readonly text: string }): ReactNode {
  return text.split(/`([^`]+)`/).map((part, index) =>
    index % 2 === 1 ? (
      <code key={index} className={classes.inlineCode}>
        {part}
      </code>
    ) : (
      part
    ),
  );
}
