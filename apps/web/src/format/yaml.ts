/** A value as YAML, the way descriptors are written: block style, plain scalars where they are safe, `|` for lines. */
export function toYaml(value: unknown): string {
  return `${write(value, 0).replace(/^\n/, "")}\n`;
}

/** Text after a key's colon or a dash: begins with a space (scalar) or a line break (block). */
function write(value: unknown, depth: number): string {
  if (Array.isArray(value)) return value.length === 0 ? " []" : value.map((item) => `\n${pad(depth)}-${inItem(item, depth + 1)}`).join("");
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, one]) => one !== undefined);
    return entries.length === 0
      ? " {}"
      : entries.map(([key, one]) => `\n${pad(depth)}${scalar(key)}:${write(one, Array.isArray(one) ? depth : depth + 1)}`).join("");
  }
  if (typeof value === "string" && value.includes("\n")) return block(value, depth);
  return ` ${scalar(value)}`;
}

/** An item of a list: a map begins on the dash's own line. */
function inItem(item: unknown, depth: number): string {
  const text = write(item, depth);
  return text.startsWith("\n") ? ` ${text.slice(1 + pad(depth).length)}` : text;
}

function block(text: string, depth: number): string {
  const ends = text.endsWith("\n") ? "|" : "|-";
  const lines = text.replace(/\n$/, "").split("\n");
  return ` ${ends}\n${lines.map((line) => (line === "" ? "" : pad(depth) + line)).join("\n")}`;
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value) ?? "null";
  return isPlain(value) ? value : JSON.stringify(value);
}

/** Words that YAML would read as something else, and texts with signs of its grammar, are quoted. */
function isPlain(text: string): boolean {
  if (text === "" || /^(true|false|yes|no|on|off|null|~)$/i.test(text) || !Number.isNaN(Number(text)) || /^\d{4}-\d\d-\d\d/.test(text))
    return false;
  return !/^[\s\-?:,[\]{}#&*!|>'"%@`]|: |:$| #|\p{Cc}|\s$/u.test(text);
}

function pad(depth: number): string {
  return "  ".repeat(depth);
}
