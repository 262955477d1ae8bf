import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { useAsOf } from "./AsOf.tsx";
import { iconOfKind, partsOf, shortRef } from "./entity-kind.ts";
import classes from "./ui.module.css";

interface Props {
  readonly entityRef: string;
  readonly title?: string | undefined;
  /** Kind that a reference without one means. */
  readonly kind?: string;
  /** A dangling reference: shown, marked, not a link. */
  readonly found?: boolean;
  readonly icon?: boolean;
  readonly tab?: string;
}

/** The name of an entity, with the icon of its kind, leading to its page. */
export function EntityLink({ entityRef, title, kind, found = true, icon = true, tab }: Props): ReactNode {
  const asOf = useAsOf();
  const parts = partsOf(entityRef, kind);
  const Icon = iconOfKind(parts.kind);
  const label = title ?? shortRef(entityRef);
  const inside = (
    <>
      {icon && <Icon size={14} aria-hidden className={classes.linkIcon} />}
      <span className={classes.linkText}>{label}</span>
    </>
  );
  if (!found) {
    return (
      <span className={classes.entityMissing} title={`${entityRef} is named but not in the catalogue`}>
        {inside} <span className={classes.missingMark}>not found</span>
      </span>
    );
  }
  return (
    <Link
      className={classes.entityLink}
      to="/entities/$kind/$namespace/$name"
      params={{ ...parts }}
      search={{ ...(tab !== undefined && { tab }), ...(asOf !== undefined && { asOf }) }}
      title={entityRef}
    >
      {inside}
    </Link>
  );
}
