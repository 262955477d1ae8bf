import { formatNumber } from "../../format/number.ts";

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** What provisioners call a fact, and people; one that is not here keeps its name, in words. */
const NAMES: Readonly<Record<string, string>> = {
  bytes: "Size",
  oldestSeconds: "Oldest message",
  sensitiveOutputs: "Secret outputs",
  url: "Address",
};

/** Facts of a resource as people read them: `bytes 7643663` is `Size 7.3 MB`, and what holds others is told part by part. */
export function factWords(facts: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  // The database keeps them in an order that says nothing.
  const sorted = Object.entries(facts).toSorted(([a], [b]) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return sorted.flatMap(([name, value]): readonly (readonly [string, string])[] => {
    if (value === null || value === undefined || value === "") return [];
    if (isRecord(value)) return factWords(value).map(([inner, words]) => [`${nameOf(name)}: ${inner.toLowerCase()}`, words]);
    return [[nameOf(name), valueWords(name, value)]];
  });
}

function valueWords(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((one) => valueWords("", one)).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return name === "commit" ? value.slice(0, 12) : value;
  if (typeof value !== "number") return JSON.stringify(value);
  if (name === "bytes") return sizeWords(value);
  if (name === "port") return String(value);
  if (name.endsWith("Seconds"))
    return value < 120 ? `${value} s` : value < 7_200 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3_600)} h`;
  return formatNumber(value, 2);
}

function sizeWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? String(value) : value.toFixed(1).replace(/\.0$/, "")} ${UNITS[unit]}`;
}

/** `inWork` is `In work`. */
function nameOf(name: string): string {
  const words =
    NAMES[name] ??
    name
      .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
      .replaceAll(/[_-]/g, " ")
      .toLowerCase();
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
