import { builtInCode } from "../entity/relations.ts";
import type { Estate } from "../estate/estate.ts";
import type { Observed, ObservedEdge } from "./observed.ts";

/** What of the two sides is compared with which. */
export interface Compared {
  readonly estate: Pick<Estate, "graph" | "at" | "refOf">;
  readonly observed: Pick<Observed, "between" | "of" | "sender">;
}

/** How an observed relation is declared: directly, or by way of an API or a queue that both ends name. */
export interface Declaration {
  readonly via: number | undefined;
}

const DEPENDS_ON = builtInCode("dependsOn") >> 1;
const CONSUMES = builtInCode("consumesApi") >> 1;
const PROVIDES = builtInCode("providesApi") >> 1;

/** How the entities declare what was seen; undefined when they do not. */
export function declarationOf(
  { estate }: Compared,
  { from, to, type }: Pick<ObservedEdge, "from" | "to" | "type">,
): Declaration | undefined {
  const [mine, theirs] = [linksOf(estate, from), linksOf(estate, to)];
  if (mine.needs.has(to) || mine.consumes.has(to)) return { via: undefined };
  const offered = common(mine.consumes, theirs.provides) ?? common(mine.needs, theirs.provides);
  if (offered !== undefined) return { via: offered };
  if (type !== "sends") return undefined;
  if (theirs.needs.has(from)) return { via: undefined };
  const between = common(mine.provides, theirs.consumes) ?? common(mine.needs, theirs.needs);
  return between === undefined ? undefined : { via: between };
}

/** Whether traffic shows a declared relation. */
export type Verdict =
  | { readonly state: "seen"; readonly by: readonly ObservedEdge[] }
  | { readonly state: "unseen"; readonly last: ObservedEdge | undefined }
  /** In words: why nobody can tell. */
  | { readonly state: "unknown"; readonly reason: string };

const DAY = 86_400_000;

/** The types of declared relations over which traffic would go; others are not judged. */
export function isJudged(type: number): boolean {
  return type === DEPENDS_ON || type === CONSUMES;
}

/** Looks whether a declared `dependsOn` or `consumesApi` was seen within some days. Only where both ends could have been seen all that time. */
export function judge(
  c: Compared,
  edge: { readonly from: number; readonly to: number; readonly type: number },
  o: { readonly days: number; readonly now: Date },
): Verdict {
  const since = new Date(o.now.getTime() - o.days * DAY);
  const found = evidence(c, edge);
  const recent = found.filter(({ lastSeen }) => lastSeen >= since);
  if (recent.length > 0) return { state: "seen", by: recent };
  const blind = blindness(c, edge, since, o);
  if (blind !== undefined) return { state: "unknown", reason: blind };
  return { state: "unseen", last: [...found].sort((a, b) => b.lastSeen.getTime() - a.lastSeen.getTime())[0] };
}

/** Observed relations that show the declared one. */
export function evidence({ estate, observed }: Compared, { from, to }: { readonly from: number; readonly to: number }): ObservedEdge[] {
  return [to, ...providersOf(estate, to)].flatMap((end) => [
    ...observed.between(from, end),
    ...observed.between(end, from).filter(({ type }) => type === "sends"),
  ]);
}

/** Why it could not have been seen; undefined when it could. */
function blindness(
  { estate, observed }: Compared,
  { from, to }: { readonly from: number; readonly to: number },
  since: Date,
  { days }: { readonly days: number },
): string | undefined {
  const name = (id: number): string => estate.at(id)?.name ?? estate.refOf(id);
  const sender = observed.sender(from);
  if (!sender) return `${name(from)} sends no traces.`;
  if (sender.lastSeen < since) return `${name(from)} has sent no traces for ${days} days.`;
  const kind = estate.refOf(to).slice(0, estate.refOf(to).indexOf(":"));
  const ends = kind === "api" ? providersOf(estate, to) : [to];
  if (ends.length === 0) return `Nobody is known to provide ${name(to)}.`;
  const visible = ends.filter((end) => observed.sender(end) !== undefined || (kind !== "component" && observed.of(end).length > 0));
  if (visible.length === 0)
    return kind === "resource" ? `${name(to)} was never seen in a trace.` : `${ends.map(name).join(", ")} sends no traces.`;
  const begun = Math.max(sender.firstSeen.getTime(), Math.min(...visible.map((end) => firstSeenOf(observed, end))));
  if (begun > since.getTime()) return `Both have been watched only since ${dayOf(begun)}, not for ${days} days.`;
  return undefined;
}

/** `13 November 2026`: of a stretch of weeks, the day says enough. */
function dayOf(ms: number): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(ms);
}

function firstSeenOf(observed: Compared["observed"], id: number): number {
  const times = observed.of(id).map(({ firstSeen }) => firstSeen.getTime());
  const sender = observed.sender(id);
  return Math.min(...times, sender?.firstSeen.getTime() ?? Infinity);
}

/** What provides an API; nothing for what is none. */
export function providersOf(estate: Compared["estate"], api: number): number[] {
  const found: number[] = [];
  estate.graph.forEach(api, "in", (other, type) => type === PROVIDES && found.push(other));
  return found;
}

interface Links {
  readonly needs: ReadonlySet<number>;
  readonly consumes: ReadonlySet<number>;
  readonly provides: ReadonlySet<number>;
}

function linksOf(estate: Compared["estate"], id: number): Links {
  const [needs, consumes, provides] = [new Set<number>(), new Set<number>(), new Set<number>()];
  estate.graph.forEach(id, "out", (other, type) => {
    if (type === DEPENDS_ON) needs.add(other);
    else if (type === CONSUMES) consumes.add(other);
    else if (type === PROVIDES) provides.add(other);
  });
  return { needs, consumes, provides };
}

function common(a: ReadonlySet<number>, b: ReadonlySet<number>): number | undefined {
  for (const one of a) if (b.has(one)) return one;
  return undefined;
}
