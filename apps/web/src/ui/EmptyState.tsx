import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import classes from "./ui.module.css";

interface Props {
  readonly icon?: LucideIcon;
  /** What this is, and why it is empty. */
  readonly title: string;
  readonly children?: ReactNode;
  /** The one thing to do next. */
  readonly act?: ReactNode;
  readonly compact?: boolean;
}

/** An empty place that teaches: what belongs here, why there is nothing, what to do next. */
export function EmptyState({ icon: Icon, title, children, act, compact = false }: Props): ReactNode {
  return (
    <div className={compact ? classes.emptyCompact : classes.empty}>
      {Icon !== undefined && <Icon size={compact ? 18 : 26} aria-hidden className={classes.emptyIcon} strokeWidth={1.5} />}
      <p className={classes.emptyTitle}>{title}</p>
      {children !== undefined && <div className={`${classes.emptyText} rb-prose`}>{children}</div>}
      {act !== undefined && <div className={classes.emptyAct}>{act}</div>}
    </div>
  );
}
