import type { Definition, Rule } from "./definition.ts";

/** What the results of the rules come to. */
export interface Standing {
  /** Levels reached, of all categories the lowest; undefined where no rule that counts was asked. */
  readonly rank: number | undefined;
  /** The same per category. */
  readonly ranks: readonly (number | undefined)[];
  /** Per category: how many results count, and how many of them are passes. */
  readonly passed: readonly number[];
  readonly counted: readonly number[];
  /** By weight. */
  readonly passedWeight: readonly number[];
  readonly countedWeight: readonly number[];
  readonly failed: number;
  readonly unknown: number;
}

/**
 * A level is reached in a category when every rule of it and of the levels below holds. Unknown does not hold. A rule that is waived,
 * not asked, or does not count yet stands in nobody's way; one that is waived still shows that the category is looked at.
 */
export function standingOf(
  { levels, categories, rules }: Pick<Definition, "levels" | "categories" | "rules">,
  codes: string,
  at: number,
): Standing {
  const zeros = (): number[] => categories.map(() => 0);
  const [passed, counted, passedWeight, countedWeight] = [zeros(), zeros(), zeros(), zeros()];
  const ranks: (number | undefined)[] = categories.map(() => undefined);
  let [failed, unknown] = [0, 0];
  rules.forEach((rule, n) => {
    const code = codes[n];
    if (!doesCount(rule, at) || code === "n" || code === undefined) return;
    const { categoryAt: category, weight, levelAt } = rule;
    ranks[category] ??= levels.length;
    if (code === "w") return;
    counted[category]!++;
    countedWeight[category]! += weight;
    if (code === "p") {
      passed[category]!++;
      passedWeight[category]! += weight;
    } else {
      ranks[category] = Math.min(ranks[category], levelAt);
      if (code === "f") failed++;
      else unknown++;
    }
  });
  const known = ranks.filter((rank) => rank !== undefined);
  return {
    rank: known.length === 0 ? undefined : Math.min(...known),
    ranks,
    passed,
    counted,
    passedWeight,
    countedWeight,
    failed,
    unknown,
  };
}

export function doesCount({ effectiveAt }: Pick<Rule, "effectiveAt">, at: number): boolean {
  return effectiveAt <= at;
}

/** The rules that separate from the level after this one, the least effort first; of equal effort, the weightiest. */
export function nextSteps(
  { levels, rules }: Definition,
  codes: string,
  rank: number,
  at: number,
): readonly { readonly rule: Rule; readonly n: number }[] {
  if (rank >= levels.length) return [];
  return rules
    .map((rule, n) => ({ rule, n }))
    .filter(({ rule, n }) => doesCount(rule, at) && rule.levelAt <= rank && (codes[n] === "f" || codes[n] === "u"))
    .sort((a, b) => a.rule.effortAt - b.rule.effortAt || b.rule.weight - a.rule.weight || a.n - b.n);
}

/** 0 to 1, by weight; undefined where nothing counts. */
export function shareOf(standing: Pick<Standing, "passedWeight" | "countedWeight">): number | undefined {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const counted = sum(standing.countedWeight);
  return counted === 0 ? undefined : sum(standing.passedWeight) / counted;
}
