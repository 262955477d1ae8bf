import { useMediaQuery } from "@mantine/hooks";
import type { ComponentProps, ReactNode } from "react";

import { DataTable } from "../../table/DataTable.tsx";
import { fitColumns, type Fit } from "./fit-columns.ts";
import classes from "./settings.module.css";

type Props<R> = ComponentProps<typeof DataTable<R>> & {
  /** The columns that a phone has room for, by id. */
  readonly phone: readonly string[];
  /** Those that half a screen has room for; all of them, where it is left out. */
  readonly half?: readonly string[];
};

/** A table with as many columns as the screen has room for: what matters most stays readable on a phone. */
export function FittingTable<R>({ phone, half, ...table }: Props<R>): ReactNode {
  const isPhone = useMediaQuery("(max-width: 640px)", false, { getInitialValueInEffect: false });
  const isHalf = useMediaQuery("(max-width: 1200px)", false, { getInitialValueInEffect: false });
  const fit: Fit = isPhone ? { shown: phone, shares: true } : { shown: isHalf ? half : undefined, shares: false };
  return (
    <div className={classes.fitting}>
      <DataTable {...table} columns={fitColumns(table.columns, fit)} />
    </div>
  );
}
