import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";

import classes from "./ui.module.css";

interface Props {
  readonly title: ReactNode;
  /** The browser tab's title, where `title` is not a text. */
  readonly tabTitle?: string;
  /** The page's answer to its one question, in a sentence. */
  readonly state?: ReactNode;
  /** The primary act, at the right. */
  readonly act?: ReactNode;
  /** Above the title: where this is. */
  readonly trail?: ReactNode;
  readonly children: ReactNode;
  /** Narrow pages are for reading and for forms. */
  readonly narrow?: boolean;
}

/** Every page: title, one sentence, primary act; then the content. */
export function Page({ title, tabTitle, state, act, trail, children, narrow = false }: Props): ReactNode {
  useDocumentTitle(`${tabTitle ?? (typeof title === "string" ? title : "Roadbed")} · Roadbed`);
  return (
    <div className={narrow ? classes.pageNarrow : classes.page}>
      {trail !== undefined && <div className={classes.trail}>{trail}</div>}
      <header className={classes.pageHead}>
        <div className={classes.pageTitle}>
          <h1>{title}</h1>
          {state !== undefined && <div className={classes.pageState}>{state}</div>}
        </div>
        {act !== undefined && <div className={classes.pageAct}>{act}</div>}
      </header>
      {children}
    </div>
  );
}

/** A part of a page under its own heading. `count` and `act` stand beside the heading. */
export function Section({
  title,
  act,
  count,
  children,
}: {
  readonly title: string;
  readonly act?: ReactNode;
  readonly count?: ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHead}>
        <h2>
          {title}
          {count !== undefined && <span className={classes.sectionCount}>{count}</span>}
        </h2>
        {act}
      </div>
      {children}
    </section>
  );
}

/** A quiet frame around things that belong together. */
export function Panel({ children, flush = false }: { readonly children: ReactNode; readonly flush?: boolean }): ReactNode {
  return <div className={flush ? classes.panelFlush : classes.panel}>{children}</div>;
}
