/** Where text goes: a terminal, a file or a pipe. */
export interface Output {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
}

/** Colours for a terminal, unless NO_COLOR asks for none; plain text for everything else. */
export function paintFor(output: Output, env: Readonly<Record<string, string | undefined>>): Paint {
  const on = output.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  const code = (open: number, close: number) => (text: string) => (on && text !== "" ? `\u001B[${open}m${text}\u001B[${close}m` : text);
  return { bold: code(1, 22), dim: code(2, 22), red: code(31, 39), green: code(32, 39) };
}

/** Text from outside must not move the cursor or colour the screen: control characters are left out, line ends stay. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters to be removed
  return text.replaceAll(/\r\n/g, "\n").replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, "");
}

/** A value in one line, as a cell or beside its name. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Math.round(value * 1_000) / 1_000);
  if (typeof value === "string") return printable(isTime(value) ? formatTime(value) : value);
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.map(formatValue).join(", ");
  return printable(JSON.stringify(value));
}

export function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null || (Array.isArray(value) && value.every((item) => typeof item !== "object"));
}

/** The field at a dotted path. */
export function valueAt(row: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
      row,
    );
}

/** `createdAt` reads `created at`. */
export function toTitle(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll(".", " ");
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text);
}

/** UTC without the letters. */
function formatTime(text: string): string {
  return `${text.slice(0, 10)} ${text.slice(11, 19)}`;
}
