import { X } from "lucide-react";
import type { ReactNode } from "react";

import classes from "./changes.module.css";

interface Props {
  readonly chosen: boolean;
  readonly onToggle: () => void;
  readonly children: ReactNode;
  /** It can only be taken away. */
  readonly removable?: boolean;
}

/** One of several things that a list is narrowed to. */
export function FilterChip({ chosen, onToggle, children, removable = false }: Props): ReactNode {
  return (
    <button type="button" className={classes.chip} aria-pressed={chosen} onClick={onToggle}>
      {children}
      {removable && <X size={12} aria-label="Remove" />}
    </button>
  );
}
