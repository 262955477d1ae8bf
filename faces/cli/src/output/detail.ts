import { renderTable, scalarColumns } from "./table.ts";
import { formatValue, isScalar, printable, toTitle, type Output, type Paint } from "./text.ts";

/** A text longer than this is shown by its beginning; `--json` has all of it. */
const MAX_LINES = 12;

/** One thing for people: its scalar fields as `name  value`, then its parts, each under its name. */
export async function renderDetail(value: unknown, output: Output, paint: Paint, depth = 0): Promise<string> {
  if (typeof value !== "object" || value === null) return `${formatValue(value)}\n`;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined && !(Array.isArray(field) && field.length === 0));
  const lines = entries.filter(([, field]) => isLine(field));
  const parts = entries.filter(([, field]) => !isLine(field));
  const width = Math.max(0, ...lines.map(([name]) => toTitle(name).length)) + 2;
  let text = lines.map(([name, field]) => `${paint.dim(toTitle(name).padEnd(width))}${formatValue(field)}\n`).join("");
  for (const [name, field] of parts) {
    text += `${depth === 0 && text !== "" ? "\n" : ""}${paint.bold(toTitle(name))}\n${indent(await renderPart(field, output, paint, depth))}`;
  }
  return text;
}

async function renderPart(field: unknown, output: Output, paint: Paint, depth: number): Promise<string> {
  if (typeof field === "string") return shorten(printable(field));
  if (!Array.isArray(field)) return renderDetail(field, output, paint, depth + 1);
  const columns = scalarColumns(field);
  if (columns.length > 0) return renderTable(field, columns, narrower(output), paint);
  const items = await Promise.all(field.map((item) => renderDetail(item, output, paint, depth + 1)));
  return items.map((item) => `- ${indent(item).trimStart()}`).join("");
}

function isLine(field: unknown): boolean {
  return isScalar(field) && !(typeof field === "string" && field.trimEnd().includes("\n"));
}

function shorten(text: string): string {
  const lines = text.trimEnd().split("\n");
  const rest = lines.length - MAX_LINES;
  return `${lines.slice(0, MAX_LINES).join("\n")}\n${rest > 0 ? `... ${rest} more lines: add --json to see all\n` : ""}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

function narrower(output: Output): Output {
  return { ...output, write: output.write, isTTY: output.isTTY, columns: (output.columns ?? 100) - 2 };
}
