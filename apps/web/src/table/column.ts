import type { ReactNode } from "react";

/** One column of a table. */
export interface Column<R> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: R) => ReactNode;
  /** What sorting and export use; a column without it does neither. */
  readonly value?: (row: R) => string | number | undefined;
  /** False where the server cannot sort by it. */
  readonly sortable?: boolean;
  readonly align?: "right";
  /** CSS width; the rest share what is left. */
  readonly width?: string;
  /** Not shown until chosen. */
  readonly extra?: boolean;
  /** Explains the header on hover. */
  readonly hint?: string;
}

/** `name` or `-name`: which column, and whether downwards. */
export type Sort = string;

export type Density = "compact" | "cosy";

/** Sorts rows by a column's value; rows without a value come last in both directions. Stable. */
export function sortRows<R>(rows: readonly R[], columns: readonly Column<R>[], sort: Sort | undefined): readonly R[] {
  const column = columns.find(({ id }) => id === sort?.replace(/^-/, ""));
  if (sort === undefined || column?.value === undefined) return rows;
  const { value } = column;
  const sign = sort.startsWith("-") ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === undefined || right === undefined) return (left === undefined ? 1 : 0) - (right === undefined ? 1 : 0);
    return sign * (typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right), "en"));
  });
}

/** A column that shares what is left needs at least this much to say anything, in pixels. */
const LEAST_SHARE = 120;

/** Below this the table scrolls sideways inside its frame: on a phone no column may shrink to nothing. In pixels. */
export function leastWidth(columns: readonly Pick<Column<never>, "width">[]): number {
  return columns.reduce((sum, { width }) => sum + (/^(\d+)px$/.test(width ?? "") ? Number.parseInt(width ?? "", 10) : LEAST_SHARE), 0);
}

/** The sort after a click on a header: up, down, up. */
export function nextSort(id: string, current: Sort | undefined): Sort {
  return current === id ? `-${id}` : id;
}

/** Rows as CSV (RFC 4180), with a header line. A cell that a spreadsheet would run as a formula gets a quote mark before it. */
export function toCsv<R>(rows: readonly R[], columns: readonly Column<R>[]): string {
  const exported = columns.filter(({ value }) => value !== undefined);
  const lines = [exported.map(({ header }) => header), ...rows.map((row) => exported.map(({ value }) => value?.(row) ?? ""))];
  return lines.map((line) => line.map(toCell).join(",")).join("\r\n") + "\r\n";
}

function toCell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
