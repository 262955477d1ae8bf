import { formatValue, isScalar, toTitle, valueAt, type Output, type Paint } from "./text.ts";

const MIN_WIDTH = 8;
const GAP = 2;

/** Rows as a table for people: fits the terminal; into a pipe nothing is cut. Columns are dotted paths into a row. */
export async function renderTable(rows: readonly unknown[], columns: readonly string[], output: Output, paint: Paint): Promise<string> {
  if (rows.length === 0) return "Nothing found.\n";
  const titles = columns.map((column) => toTitle(column).toUpperCase());
  const cells = rows.map((row) => columns.map((column) => formatValue(valueAt(row, column)).replaceAll(/\s*\n\s*/g, " ")));
  const wanted = titles.map((title, index) => Math.max(title.length, ...cells.map((row) => (row[index] ?? "").length)) + GAP);
  const widths = output.isTTY === true ? fit(wanted, output.columns ?? 100) : wanted;

  const { default: Table } = await import("cli-table3");
  const table = new Table({
    head: titles.map(paint.dim),
    colWidths: widths,
    chars: NO_LINES,
    style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
  });
  table.push(...cells);
  return `${table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}

/** Every field that some row has as a scalar: for operations that name no columns. */
export function scalarColumns(rows: readonly unknown[]): string[] {
  const names = new Set(rows.flatMap((row) => (typeof row === "object" && row !== null ? Object.keys(row) : [])));
  return [...names].filter((name) => rows.every((row) => isCell(valueAt(row, name))));
}

function isCell(value: unknown): boolean {
  return isScalar(value) && !(typeof value === "string" && (value.length > 200 || value.includes("\n")));
}

/** Takes from the widest until the whole fits. */
function fit(wanted: readonly number[], available: number): number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= MIN_WIDTH) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}

const NO_LINES = Object.fromEntries(
  [
    "top",
    "top-mid",
    "top-left",
    "top-right",
    "bottom",
    "bottom-mid",
    "bottom-left",
    "bottom-right",
    "left",
    "left-mid",
    "mid",
    "mid-mid",
    "right",
    "right-mid",
    "middle",
  ].map((name) => [name, ""]),
);
