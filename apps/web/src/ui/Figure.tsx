import { Skeleton } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./ui.module.css";
import type { State } from "./state.ts";

interface Props {
  readonly label: string;
  /** Already formatted; undefined means there is no data, which is not zero. */
  readonly value: ReactNode | undefined;
  readonly loading?: boolean;
  readonly note?: ReactNode;
  readonly state?: State | undefined;
  /** A sparkline or a receipt. */
  readonly beside?: ReactNode;
}

/** One figure with its name. */
export function Figure({ label, value, loading = false, note, state, beside }: Props): ReactNode {
  return (
    <div className={classes.figure}>
      <div className={classes.figureLabel}>
        {label} {beside}
      </div>
      <div className={classes.figureValue} data-state={state}>
        {loading ? <Skeleton height={22} width={72} /> : (value ?? <span className={classes.noData}>no data</span>)}
      </div>
      {note !== undefined && <div className={classes.figureNote}>{note}</div>}
    </div>
  );
}

/** Figures in one line. */
export function Figures({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className={classes.figures}>{children}</div>;
}
