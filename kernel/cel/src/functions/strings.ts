import { EvaluationError, type Environment } from "@marcbachmann/cel-js";

/** What the engine lacks of CEL's string extension: `charAt`, `replace`, `reverse`, `format`. */
export function registerStrings(environment: Environment): void {
  const add = (signature: string, run: (...args: any[]) => unknown): void => void environment.registerFunction(signature, run, SYNC);
  add("string.charAt(int): string", charAt);
  add("string.replace(string, string): string", (text: string, from: string, to: string) => text.replaceAll(from, () => to));
  add("string.replace(string, string, int): string", (text: string, from: string, to: string, times: bigint) =>
    replaceSome(text, from, to, Number(times)),
  );
  add("string.reverse(): string", (text: string) => Array.from(text).toReversed().join(""));
  add("string.format(list): string", format);
}

const SYNC = { async: false } as never;

function charAt(text: string, index: bigint): string {
  if (index < 0n || index > BigInt(text.length)) {
    throw new EvaluationError({ code: "index_out_of_bounds", message: `charAt(${index}) of a text of ${text.length}` });
  }
  return text.charAt(Number(index));
}

function replaceSome(text: string, from: string, to: string, times: number): string {
  if (times < 0) return text.replaceAll(from, () => to);
  const parts = text.split(from);
  const head = parts.slice(0, times + 1);
  return [head.join(to), ...parts.slice(times + 1)].join(from);
}

function format(template: string, values: unknown[]): string {
  let next = 0;
  return template.replace(/%(%|(?:\.(\d{1,2}))?([a-zA-Z]))/g, (whole, rest: string, precision: string | undefined, verb: string) => {
    if (rest === "%") return "%";
    if (next >= values.length) throw new EvaluationError({ code: "no_matching_overload", message: `format() has no value for ${whole}` });
    return formatOne(verb, precision === undefined ? 6 : Number(precision), values[next++]);
  });
}

function formatOne(verb: string, precision: number, value: unknown): string {
  if (verb === "s") return formatText(value);
  if (verb === "d" && typeof value === "bigint") return String(value);
  if (verb === "f" && isNumber(value)) return Number(value).toFixed(precision);
  if (verb === "e" && isNumber(value)) return Number(value).toExponential(precision);
  if (verb === "b" && typeof value === "bigint") return value.toString(2);
  if (verb === "o" && typeof value === "bigint") return value.toString(8);
  if (verb === "x" && typeof value === "bigint") return value.toString(16);
  if (verb === "X" && typeof value === "bigint") return value.toString(16).toUpperCase();
  throw new EvaluationError({ code: "no_matching_overload", message: `format() cannot show a ${typeof value} as %${verb}` });
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function formatText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `[${value.map(formatText).join(", ")}]`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${key}: ${formatText(item)}`).join(", ")}}`;
  }
  return String(value);
}
