import { isRecord } from "../entity/validate-spec.ts";
import { formatProperty, reservedReason, type Path } from "./property.ts";

/**
 * What a claim is worth before any order is declared, best first: what a person locked, what the defining source says, what a
 * person set, what a connector adds, and what a second source says of an entity that another defines. The last is only heard
 * where a declared order names it.
 */
export const STANDINGS = ["lock", "definition", "person", "connector", "standby"] as const;
export type Standing = (typeof STANDINGS)[number];

/** Who says something of an entity. */
export interface Voice {
  /** Different for each claim on one entity. */
  readonly id: string;
  readonly standing: Standing;
  /** Words by which a declared order may mean it, in lower case: its source's id and name, its connector's kind. */
  readonly names: readonly string[];
  /** Since when it says so, in ms: among equals the newest news is believed. Being read again does not make it newer. */
  readonly since: number;
}

/** What one source says of an entity: a document, or parts of one. */
export interface Claim<V extends Voice = Voice> {
  readonly voice: V;
  readonly document: unknown;
}

/** What a person says of one property; no value takes the property away. */
export interface Overlay<V extends Voice = Voice> {
  readonly voice: V;
  readonly path: Path;
  readonly value: unknown;
}

/** Whom to believe about a property and all below it, best first: standings and names. Who is not listed comes after who is. */
export interface DeclaredOrder {
  readonly property: Path;
  readonly order: readonly string[];
}

/** One property, who is believed about it and who is not. */
export interface MergedFact<V extends Voice = Voice> {
  readonly path: Path;
  /** Undefined when nobody who may speak says anything, or when a person took it away. */
  readonly value: unknown;
  readonly winner: V | undefined;
  readonly losing: readonly { readonly voice: V; readonly value: unknown }[];
  /** Where several systems each say a part of a list: what each says, the winner's among them. */
  readonly parts?: readonly { readonly voice: V; readonly value: unknown }[];
}

/** Lists to which several systems each add what they know, every item saying whose it is: nobody's is lost to another's. */
const COLLECTED: readonly Path[] = [
  ["spec", "onCall"],
  ["spec", "tracker"],
];

export interface Merged<V extends Voice = Voice> {
  readonly document: Record<string, unknown>;
  /** By the property as people write it. */
  readonly facts: ReadonlyMap<string, MergedFact<V>>;
}

interface Said<V extends Voice> {
  readonly voice: V;
  readonly value: unknown;
}

/**
 * One document of everything that is said of an entity. Maps are merged property by property; lists and single values are taken
 * whole. The order in which claims and overlays are given never matters; without any, the document is `base` as it is.
 */
export function mergeClaims<V extends Voice>(
  base: Claim<V>,
  claims: readonly Claim<V>[],
  overlays: readonly Overlay<V>[],
  precedence: readonly DeclaredOrder[] = [],
): Merged<V> {
  const facts = new Map<string, MergedFact<V>>();
  const said: Said<V>[] = [
    { voice: base.voice, value: base.document },
    ...claims.map(({ voice, document }) => ({ voice, value: permitted(document) })),
    ...overlays
      .filter(({ path }) => reservedReason(path) === undefined)
      .map(({ voice, path, value }) => ({ voice, value: nest(path, value) })),
  ];
  const document = merge([], said, [], { precedence, facts });
  return { document: isRecord(document) ? document : {}, facts };
}

/** Stands for a property that a person took away. */
const NONE = Symbol("none");

interface Run<V extends Voice> {
  readonly precedence: readonly DeclaredOrder[];
  readonly facts: Map<string, MergedFact<V>>;
}

function merge<V extends Voice>(path: Path, said: readonly Said<V>[], inherited: readonly string[], run: Run<V>): unknown {
  const order = run.precedence.find(({ property }) => isSame(property, path))?.order ?? inherited;
  const ranked = [...said].sort((a, b) => compareVoices(a.voice, b.voice, order));
  const heard = ranked.filter(({ voice }) => voice.standing !== "standby" || listedAt(voice, order) < order.length);
  const best = heard[0];
  const records = ranked.filter(({ value }) => isRecord(value));
  const parts = best && COLLECTED.some((one) => isSame(one, path)) ? partsBeside(best, heard, order) : [];
  if (parts.length > 1) return collect(path, best!, parts, ranked, run);
  if (best && !isRecord(best.value)) return settle(path, best, ranked, run);
  if (!best && records.length === 0) return settle(path, undefined, ranked, run);
  const others = ranked.filter(({ value }) => !isRecord(value));
  const merged = mergeRecords(path, records, order, run);
  const isKept = Object.keys(merged).length > 0 || heard.some(({ voice, value }) => voice.standing === "definition" && isRecord(value));
  const value = isKept ? merged : undefined;
  if (others.length > 0) note(path, value, best?.voice ?? winnerBelow(path, run), others, run);
  return value;
}

/** Where a declared order lets somebody speak of a part only, whoever is believed there. */
function winnerBelow<V extends Voice>(path: Path, { facts }: Run<V>): V | undefined {
  for (const fact of facts.values()) {
    if (fact.winner && fact.path.length > path.length && path.every((key, at) => key === fact.path[at])) return fact.winner;
  }
  return undefined;
}

function mergeRecords<V extends Voice>(
  path: Path,
  records: readonly Said<V>[],
  order: readonly string[],
  run: Run<V>,
): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const key of keysOf(records)) {
    const below = records.flatMap(({ voice, value }) => {
      const record = value as Record<string, unknown>;
      return Object.hasOwn(record, key) && record[key] !== undefined ? [{ voice, value: record[key] }] : [];
    });
    const value = merge([...path, key], below, order, run);
    if (value !== undefined) entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}

/** Those of the defining document in its order, then the rest by the alphabet: the same claims always give the same text. */
function keysOf<V extends Voice>(records: readonly Said<V>[]): readonly string[] {
  const defining = records.find(({ voice }) => voice.standing === "definition");
  const keys = new Set(Object.keys((defining?.value ?? {}) as object));
  const more = new Set(records.flatMap(({ value }) => Object.keys(value as object)));
  for (const key of [...more].sort()) keys.add(key);
  return [...keys];
}

/** One value is taken whole; all that others say at this place or below it has lost. */
function settle<V extends Voice>(path: Path, best: Said<V> | undefined, ranked: readonly Said<V>[], run: Run<V>): unknown {
  const value = best === undefined || best.value === NONE ? undefined : best.value;
  const losing = ranked.filter((one) => one !== best);
  note(path, value, best?.voice, losing, run);
  return value;
}

/** What connectors say beside the best one, where no declared order prefers it: then they are equals. */
function partsBeside<V extends Voice>(best: Said<V>, heard: readonly Said<V>[], order: readonly string[]): readonly Said<V>[] {
  if (best.voice.standing !== "connector" || listedAt(best.voice, order) < order.length) return [];
  return heard
    .filter(({ voice, value }) => voice.standing === "connector" && Array.isArray(value))
    .sort((a, b) => (a.voice.id < b.voice.id ? -1 : 1));
}

function collect<V extends Voice>(path: Path, best: Said<V>, parts: readonly Said<V>[], ranked: readonly Said<V>[], run: Run<V>): unknown {
  const items = new Map(parts.flatMap(({ value }) => (value as unknown[]).map((item) => [JSON.stringify(item), item] as const)));
  const value = [...items.values()];
  note(
    path,
    value,
    best.voice,
    ranked.filter((one) => !parts.includes(one)),
    run,
  );
  const noted = run.facts.get(formatProperty(path))!;
  run.facts.set(formatProperty(path), { ...noted, parts: parts.map(({ voice, value: said }) => ({ voice, value: said })) });
  return value;
}

function note<V extends Voice>(path: Path, value: unknown, winner: V | undefined, losing: readonly Said<V>[], { facts }: Run<V>): void {
  facts.set(formatProperty(path), {
    path,
    value,
    winner,
    losing: losing.map(({ voice, value: other }) => ({ voice, value: other === NONE ? undefined : other })),
  });
}

function compareVoices(a: Voice, b: Voice, order: readonly string[]): number {
  if ((a.standing === "lock") !== (b.standing === "lock")) return a.standing === "lock" ? -1 : 1;
  return (
    listedAt(a, order) - listedAt(b, order) ||
    STANDINGS.indexOf(a.standing) - STANDINGS.indexOf(b.standing) ||
    b.since - a.since ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

/** The place of the first word that means it; the length of the list when none does. */
function listedAt({ standing, names }: Voice, order: readonly string[]): number {
  const at = order.findIndex((word) => word === standing || names.includes(word));
  return at < 0 ? order.length : at;
}

function isSame(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((key, at) => key === b[at]);
}

/** What a source that does not define the entity may say of it: anything but what it is called and what the server derives. */
function permitted(document: unknown): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  if (!isRecord(document)) return kept;
  for (const root of ["metadata", "spec"]) {
    const value = document[root];
    if (!isRecord(value)) continue;
    kept[root] = Object.fromEntries(Object.entries(value).filter(([key]) => reservedReason([root, key]) === undefined));
  }
  return kept;
}

function nest(path: Path, value: unknown): unknown {
  const leaf = value === undefined || value === null ? NONE : value;
  return path.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), leaf);
}
