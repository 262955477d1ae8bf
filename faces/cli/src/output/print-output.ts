import type { Operation } from "@roadbed/core";

import { renderDetail } from "./detail.ts";
import { renderTable, scalarColumns } from "./table.ts";
import { formatValue, isScalar, printable, valueAt, type Output, type Paint } from "./text.ts";

/** An operation's answer, for people: rows as a table with what stands beside them, else one thing in full. */
export async function renderOutput(operation: Operation, answer: unknown, output: Output, paint: Paint): Promise<string> {
  const rowsField = operation.cli?.rows ?? "items";
  const rows = valueAt(answer, rowsField);
  if (!Array.isArray(rows)) return renderDetail(answer, output, paint);
  if (operation.follow !== undefined) return rows.map((row) => renderLine(operation, row, paint)).join("");
  const { [rowsField]: _, ...beside } = answer as Record<string, unknown>;
  const columns = operation.cli?.columns ?? scalarColumns(rows);
  // Beside no rows, tables of noughts say nothing.
  const said = rows.length > 0 ? beside : Object.fromEntries(Object.entries(beside).filter(([, value]) => !isAllNought(value)));
  const none = operation.cli?.empty ?? (rowsField === "items" ? "Nothing found." : undefined);
  return (
    (await renderBeside(said, output, paint)) +
    (rows.length > 0 ? await renderTable(rows, columns, output, paint) : none === undefined ? "" : `${none}\n`) +
    renderMore(beside, paint)
  );
}

/** One line of a log: its columns with two spaces between; a message of several lines stays as it is. */
export function renderLine(operation: Operation, row: unknown, paint: Paint): string {
  const columns = operation.cli?.columns ?? scalarColumns([row]);
  const last = columns.at(-1) ?? "";
  const head = columns
    .slice(0, -1)
    .map((column) => formatValue(valueAt(row, column)))
    .filter((cell) => cell !== "");
  const message = valueAt(row, last);
  return `${[...head.map(paint.dim), typeof message === "string" ? printable(message).trimEnd() : formatValue(message)].join("  ")}\n`;
}

/** What an answer says besides its rows, e.g. the counts of an import; paging is shown below the table. */
async function renderBeside(beside: Readonly<Record<string, unknown>>, output: Output, paint: Paint): Promise<string> {
  const { nextCursor: _, total: __, ...rest } = beside;
  const shown = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== "" && (isScalar(value) || !Array.isArray(value))));
  return Object.keys(shown).length === 0 ? "" : `${await renderDetail(shown, output, paint)}\n`;
}

function renderMore({ nextCursor, total }: Readonly<Record<string, unknown>>, paint: Paint): string {
  if (typeof nextCursor !== "string") return "";
  const of = typeof total === "number" ? ` of ${total} in all` : "";
  return `${paint.dim(`There are more${of}: add --all, or --cursor ${nextCursor}`)}\n`;
}

/** An object of which every value is 0, or that has none. */
function isAllNought(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every((one) => one === 0);
}
