/** What the router read from the query, before anybody has checked it. */
export type Raw = Readonly<Record<string, unknown>>;

/** A text, or nothing. Spread the answers of these into one object: an absent value leaves no key behind. */
export function text<K extends string>(raw: Raw, key: K): { readonly [P in K]?: string | undefined } {
  const value = raw[key];
  const known = typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";
  return known === "" ? {} : one(key, known);
}

/** A list of texts: an array, or one text with commas. */
export function texts<K extends string>(raw: Raw, key: K): { readonly [P in K]?: readonly string[] | undefined } {
  const value = raw[key];
  const list = (Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [])
    .map(String)
    .filter((entry) => entry !== "");
  return list.length === 0 ? {} : one(key, list);
}

export function number<K extends string>(raw: Raw, key: K): { readonly [P in K]?: number | undefined } {
  const value = Number(raw[key]);
  return raw[key] === undefined || raw[key] === "" || !Number.isFinite(value) ? {} : one(key, value);
}

/** True, or nothing. */
export function flag<K extends string>(raw: Raw, key: K): { readonly [P in K]?: true | undefined } {
  return raw[key] === true || raw[key] === "true" || raw[key] === "1" ? one(key, true) : {};
}

export function oneOf<K extends string, const V extends string>(
  raw: Raw,
  key: K,
  allowed: readonly V[],
): { readonly [P in K]?: V | undefined } {
  const found = allowed.find((value) => value === raw[key]);
  if (found !== undefined) return one(key, found);
  // The router keeps what nobody has named: a word that means nothing here is taken away.
  return raw[key] === undefined ? {} : one(key, undefined);
}

/** A window of time: `live` ones end now and move with it. */
export interface Window {
  readonly from: string;
  readonly to: string;
  readonly ms: number;
  readonly live: boolean;
}

/**
 * The window behind a range: a word such as `1h` or `7d`, counted back from now, or two moments, `from..to`.
 * The default is the last hour.
 */
export function windowOf(range: string | undefined, now: number): Window {
  const fixed = fixedWindow(range);
  if (fixed !== undefined) return fixed;
  const [, count, unit] = /^(\d{1,3})([mhd])$/.exec(range ?? "") ?? [];
  const ms = count === undefined || Number(count) === 0 ? 3_600_000 : Number(count) * (UNITS[unit ?? ""] ?? 3_600_000);
  return { from: new Date(now - ms).toISOString(), to: new Date(now).toISOString(), ms, live: true };
}

/** The range that stands for a window that does not move. */
export function fixedRange(from: Date, to: Date): string {
  return `${from.toISOString()}..${to.toISOString()}`;
}

function fixedWindow(range: string | undefined): Window | undefined {
  const [from, to, ...more] = (range ?? "").split("..").map((moment) => Date.parse(moment));
  if (from === undefined || to === undefined || more.length > 0 || !(to > from)) return undefined;
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), ms: to - from, live: false };
}

/** The ranges one chooses from. */
export const RANGES = [
  { value: "15m", label: "Last 15 minutes" },
  { value: "1h", label: "Last hour" },
  { value: "6h", label: "Last 6 hours" },
  { value: "1d", label: "Last 24 hours" },
  { value: "3d", label: "Last 3 days" },
  { value: "7d", label: "Last 7 days" },
  { value: "14d", label: "Last 14 days" },
] as const;

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function one<K extends string, V>(key: K, value: V): { readonly [P in K]: V } {
  return { [key]: value } as { readonly [P in K]: V };
}
