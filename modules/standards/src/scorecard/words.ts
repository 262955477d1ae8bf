import type { EntityScore, RuleResult } from "@roadbed/contracts/standards/scores";

import { toMend, type MendRow } from "../mend/mend-store.ts";
import type { Board, Entry } from "./board.ts";
import { outcomeOf } from "./codes.ts";
import type { Definition } from "./definition.ts";
import { doesCount, nextSteps, shareOf } from "./standing.ts";
import type { Thing } from "./things.ts";

/** One that may be seen, with what it is. */
export interface Seen {
  readonly entry: Entry;
  readonly thing: Thing;
}

/** How an entity stands in a scorecard, with every rule, for its own page. */
export function scoreOf(
  board: Pick<Board, "codes" | "standing">,
  definition: Definition,
  entry: Entry,
  notes: Readonly<Record<string, string>>,
  mends: ReadonlyMap<string, MendRow> = new Map(),
): EntityScore {
  const now = Date.now();
  const codes = board.codes(definition, entry);
  const standing = board.standing(definition, entry);
  const { levels, categories } = definition;
  const share = shareOf(standing);
  const rules = definition.rules.map((_, n) => resultOf(definition, { codes, n, notes, now, mends }));
  const steps = standing.rank === undefined ? [] : nextSteps(definition, codes, standing.rank, now);
  const next = standing.rank === undefined ? undefined : levels[standing.rank];
  const level = standing.rank === undefined || standing.rank === 0 ? undefined : levels[standing.rank - 1]!.name;
  return {
    scorecard: definition.name,
    title: definition.title,
    rubric: definition.document.spec.rubric,
    version: definition.version,
    levels,
    ...(standing.rank === undefined ? {} : { rank: standing.rank }),
    ...(level === undefined ? {} : { level }),
    ...(share === undefined ? {} : { score: share }),
    categories: categories.map(({ name, title }, n) => ({
      name,
      title,
      ...(standing.ranks[n] === undefined ? {} : { rank: standing.ranks[n] }),
      passed: standing.passed[n]!,
      counted: standing.counted[n]!,
    })),
    rules,
    ...(next === undefined ? {} : { next: { level: next.name, title: next.title, steps: steps.map(({ n }) => rules[n]!) } }),
    since: new Date(entry.since).toISOString(),
  };
}

interface About {
  readonly codes: string;
  readonly n: number;
  readonly notes: Readonly<Record<string, string>>;
  readonly now: number;
  readonly mends: ReadonlyMap<string, MendRow>;
}

function resultOf(definition: Definition, { codes, n, notes, now, mends }: About): RuleResult {
  const rule = definition.rules[n]!;
  const outcome = outcomeOf(codes[n]) ?? "not-applicable";
  const change = mends.get(rule.id);
  const message = outcome === "fail" ? (notes[rule.id] ?? rule.message) : outcome === "unknown" ? notes[rule.id] : undefined;
  return {
    id: rule.id,
    title: rule.title,
    category: definition.categories[rule.categoryAt]!.name,
    level: rule.level,
    weight: rule.weight,
    outcome,
    counts: doesCount(rule, now),
    ...(rule.effectiveFrom === undefined ? {} : { effectiveFrom: rule.effectiveFrom }),
    ...(message === undefined ? {} : { message }),
    mend: rule.mend,
    effort: rule.effort,
    references: rule.references,
    ...(rule.patch === undefined || outcome !== "fail" ? {} : { patch: { title: rule.patch.title, values: rule.patch.values } }),
    ...(change === undefined ? {} : { change: shortOf(change) }),
  };
}

function shortOf(row: MendRow): NonNullable<RuleResult["change"]> {
  const { id, state, link, reason, repository } = toMend(row);
  return {
    id,
    state,
    ...(link === undefined ? {} : { link }),
    ...(reason === undefined ? {} : { reason }),
    ...(repository === undefined ? {} : { repository }),
  };
}

/** Sums over many. */
export interface Tally {
  readonly things: number;
  readonly levelCounts: number[];
  readonly passShare?: number;
}

/** How many are at which level; `category` counts the levels of that one alone. Those that no rule is about are not counted. */
export function tally(board: Pick<Board, "standing">, definition: Definition, seen: readonly Seen[], category?: number): Tally {
  const levelCounts = Array.from({ length: definition.levels.length + 1 }, () => 0);
  let [passed, counted, things] = [0, 0, 0];
  for (const { entry } of seen) {
    const standing = board.standing(definition, entry);
    const rank = category === undefined ? standing.rank : standing.ranks[category];
    if (rank === undefined) continue;
    things++;
    levelCounts[rank]!++;
    const of = category === undefined ? definition.categories.map((_, n) => n) : [category];
    for (const n of of) {
      passed += standing.passedWeight[n]!;
      counted += standing.countedWeight[n]!;
    }
  }
  return { things, levelCounts, ...(counted === 0 ? {} : { passShare: passed / counted }) };
}

export interface Narrow {
  readonly owner?: string | undefined;
  readonly system?: string | undefined;
}

/** The entries of a scorecard that a caller may see, in the order of references. */
export function seenOf(
  board: Pick<Board, "entries">,
  definition: Definition,
  view: { get(ref: string): Thing | undefined },
  { owner, system }: Narrow = {},
): Seen[] {
  const found: Seen[] = [];
  for (const entry of board.entries(definition.name).values()) {
    const thing = view.get(entry.ref);
    if (!thing || (owner !== undefined && thing.owner !== owner) || (system !== undefined && thing.system !== system)) continue;
    found.push({ entry, thing });
  }
  return found;
}
