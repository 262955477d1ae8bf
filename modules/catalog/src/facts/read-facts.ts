import type { Fact, Witness as WitnessView } from "@roadbed/contracts/catalog/facts";
import type { Sql } from "@roadbed/core";

import { isSame } from "../entity/diff-fields.ts";
import type { Kinds } from "../kinds/registry.ts";
import { breathe } from "../source/breathe.ts";
import { readAges, type Ages } from "./ages.ts";
import type { MergedFact } from "./merge-claims.ts";
import { readBases, voiceOf, type BaseRow } from "./merge-entities.ts";
import { mergeValid, type Refused } from "./merge-valid.ts";
import { readPrecedence, readSaid, type Witness } from "./said.ts";
import { PERSON, readRules, type Rules } from "./trust-rules.ts";
import { trustOf, trustOfValue } from "./trust.ts";

/** An entity's facts, each with its receipt, in the order of its document. */
export interface EntityFacts {
  readonly ref: string;
  readonly kind: string;
  readonly facts: readonly Fact[];
}

/** A person's answer to the question whether a value is right. */
export interface Answer {
  readonly ref: string;
  readonly property: string;
  readonly value: unknown;
  readonly correct: boolean;
  readonly reason: string | null;
  readonly actor: string;
  readonly at: Date;
}

/** Facts of these entities; those that are not there are not in the answer. `seesSource`: sources that the reader may know of. */
export async function readFacts(
  sql: Sql,
  refs: readonly string[],
  o: { readonly now: Date; readonly kinds: Kinds; readonly seesSource: (sourceId: string) => boolean },
): Promise<Map<string, EntityFacts>> {
  const bases = await readBases(sql, refs);
  const [rules, precedence, ages] = [await readRules(sql), await readPrecedence(sql), await readAges(sql, bases)];
  const said = await readSaid(
    sql,
    bases.map(({ ref, base }) => ({ ref, entity: base })),
  );
  const answers = Map.groupBy(await readNewestAnswers(sql, refs), ({ ref }) => ref);
  const found = new Map<string, EntityFacts>();
  for (const row of bases) {
    await breathe();
    const all = said.get(row.ref) ?? { claims: [], overlays: [] };
    const merged = mergeValid({ voice: voiceOf(row), document: row.base }, all.claims, all.overlays, precedence(row.base.kind), o.kinds);
    const answersOf = new Map((answers.get(row.ref) ?? []).map((answer) => [answer.property, answer]));
    const view = { row, rules, ages, now: o.now, refused: merged.refused };
    const facts = [...merged.facts]
      .filter(([property]) => !UNSAID.has(property))
      .map(([property, fact]) => shownOf(factOf(view, property, fact, answersOf.get(property)), o.seesSource));
    found.set(row.ref, { ref: row.ref, kind: row.base.kind, facts });
  }
  return found;
}

/** What an entity is called is not a fact about it. */
const UNSAID = new Set(["apiVersion", "kind", "metadata.name", "metadata.namespace"]);

export async function readNewestAnswers(sql: Sql, refs: readonly string[]): Promise<Answer[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select distinct on (ref, property) ref, property, value, correct, reason, actor, at from catalog.confirmation
     where ref = any($1) order by ref, property, id desc`,
    [refs],
  );
  return rows as unknown as Answer[];
}

export async function readAnswers(sql: Sql, ref: string, property: string, limit: number): Promise<Answer[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ref, property, value, correct, reason, actor, at from catalog.confirmation
     where ref = $1 and property = $2 order by id desc limit $3`,
    [ref, property, limit],
  );
  return rows as unknown as Answer[];
}

interface View {
  readonly row: BaseRow;
  readonly rules: Rules;
  readonly ages: Ages;
  readonly now: Date;
  readonly refused: readonly Refused<Witness>[];
}

function factOf(view: View, property: string, fact: MergedFact<Witness>, answer: Answer | undefined): Fact {
  const { rules, now } = view;
  const { value, winner: voice } = fact;
  const winner = voice ? witnessOf(view, property, voice, value, value) : undefined;
  const parts = fact.parts?.map((one) => ({ ...witnessOf(view, property, one.voice, one.value, value), agrees: true }));
  const losing = fact.losing.map((one) => witnessOf(view, property, one.voice, one.value, value));
  const locked = voice?.standing === "lock";
  // An answer is about the value that there was: another one has not been confirmed by it, nor denied.
  const counts = answer !== undefined && isSame(answer.value ?? undefined, value);
  const person = rules.of(PERSON, PERSON);
  const confirmed = counts && answer.correct ? trustOf(person.confidence, answer.at, person.halfLifeDays, now) : 0;
  const contradicts = ({ agrees, standing, refused }: WitnessView) => !agrees && standing !== "standby" && refused === undefined;
  const trust = winner
    ? trustOfValue({
        supporting: [
          parts ? Math.min(...parts.map((one) => one.trust)) : winner.trust,
          confirmed,
          ...losing.filter(({ agrees }) => agrees).map((one) => one.trust),
        ],
        contradicting: losing.filter(contradicts).map((one) => one.trust),
        locked,
        denied: counts && !answer.correct,
      })
    : 0;
  const threshold = rules.thresholds[property];
  const confirmedAt = counts && answer.correct ? answer.at.toISOString() : undefined;
  const observedAt = [winner?.observedAt, confirmedAt]
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
  return {
    property,
    trust: round(trust),
    locked,
    stale: threshold !== undefined && value !== undefined && trust < threshold,
    losing,
    ...(value === undefined ? {} : { value }),
    ...(observedAt === undefined ? {} : { observedAt }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(winner === undefined ? {} : { winner }),
    ...(parts === undefined ? {} : { parts }),
    ...(counts ? { answer: answerView(answer) } : {}),
  };
}

/** Of a source that the reader may not know of, the value is in the document; where it comes from is not said. */
function shownOf(fact: Fact, seesSource: (sourceId: string) => boolean): Fact {
  const isShown = ({ sourceId }: WitnessView): boolean => sourceId === undefined || seesSource(sourceId);
  const veil = (one: WitnessView): WitnessView => {
    if (isShown(one)) return one;
    const { sourceId: _id, location: _location, line: _line, rule: _rule, ...rest } = one;
    return { ...rest, source: "a source that you may not see" };
  };
  const { winner, parts } = fact;
  return {
    ...fact,
    losing: fact.losing.filter(isShown),
    ...(winner ? { winner: veil(winner) } : {}),
    ...(parts ? { parts: parts.map(veil) } : {}),
  };
}

export function answerView({ correct, actor, at, reason }: Answer): NonNullable<Fact["answer"]> {
  return { correct, actor, at: at.toISOString(), ...(reason === null ? {} : { reason }) };
}

function witnessOf(view: View, property: string, voice: Witness, value: unknown, believed: unknown): WitnessView {
  const { row, rules, ages, now, refused } = view;
  const trusted = rules.of(voice.sourceId, voice.sourceKind);
  const observedAt = voice.observedAt ?? ageOf(voice, trusted.agesFrom, property, row, ages);
  const confidence = voice.confidence ?? trusted.confidence;
  const { sourceId, location, line, actor, reason, rule } = voice;
  const wrong = refused.find((one) => one.voice.id === voice.id)?.problems.map(({ at, reason: why }) => `${at} ${why}`);
  return {
    standing: voice.standing,
    source: voice.sourceName,
    observedAt: observedAt.toISOString(),
    confidence,
    halfLifeDays: trusted.halfLifeDays,
    trust: round(trustOf(confidence, observedAt, trusted.halfLifeDays, now)),
    agrees: isSame(value, believed),
    ...(value === undefined ? {} : { value }),
    ...Object.fromEntries(
      Object.entries({ sourceId, location, line, actor, reason, rule, refused: wrong?.join("; ") }).filter(
        ([, some]) => some !== undefined,
      ),
    ),
  };
}

/** Since when a source says a value, or when it was last read, as the source ages. */
function ageOf(voice: Witness, agesFrom: "saying" | "reading", property: string, row: BaseRow, ages: Ages): Date {
  if (voice.standing === "definition") {
    const said = ages.saidAt(row.ref, property) ?? row.observed_at;
    if (agesFrom === "saying" || row.orphan) return said;
    return row.last_sync_at && row.last_sync_at > row.observed_at ? row.last_sync_at : row.observed_at;
  }
  const since = new Date(voice.since);
  return agesFrom === "saying" ? since : (ages.lastReadAt(voice.sourceId) ?? since);
}

function round(trust: number): number {
  return Math.round(trust * 1_000) / 1_000;
}
