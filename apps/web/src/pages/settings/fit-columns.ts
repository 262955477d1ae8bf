import type { Column } from "../../table/column.ts";

export interface Fit {
  /** Ids of the columns there is room for; undefined for all. */
  readonly shown: readonly string[] | undefined;
  /** Columns measured in shares of the whole share what is left instead: their shares were meant for a wide table. */
  readonly shares: boolean;
}

/** The columns that fit, in their own order. */
export function fitColumns<R>(columns: readonly Column<R>[], { shown, shares }: Fit): readonly Column<R>[] {
  const fitting = shown === undefined ? columns : columns.filter(({ id }) => shown.includes(id));
  return shares
    ? fitting.map(({ width, ...column }) => (width === undefined || width.endsWith("%") ? column : { ...column, width }))
    : fitting;
}
