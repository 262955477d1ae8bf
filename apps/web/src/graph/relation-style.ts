import type { Origin } from "@roadbed/contracts/catalog/graph";

import { formatPercent } from "../format/number.ts";
import { relationWords } from "../ui/entity-kind.ts";

/** How a line is drawn. The stroke tells how the relation is known, the colour of which sort it is, the words on it what is odd. */
export interface LineStyle {
  readonly color: string;
  readonly dash: string;
  readonly width: number;
}

const COLORS: Readonly<Record<string, string>> = {
  dependsOn: "var(--rb-series-1)",
  consumesApi: "var(--rb-series-2)",
  providesApi: "var(--rb-series-3)",
  calls: "var(--rb-series-4)",
  sends: "var(--rb-series-4)",
  uses: "var(--rb-series-4)",
  partOf: "var(--rb-border-strong)",
};

export function colorOfRelation(type: string): string {
  return COLORS[type] ?? "var(--rb-dim)";
}

/** The four ways in which a relation is known, as the legend names them. */
export const KNOWN_AS = [
  { key: "both", label: "declared and seen", dash: "" },
  { key: "declared", label: "declared only", dash: "7 4" },
  { key: "observed", label: "seen only", dash: "1.5 4" },
  { key: "inferred", label: "inferred by a rule", dash: "9 3 2 3" },
] as const;

export function knownAs(origins: readonly Origin[]): (typeof KNOWN_AS)[number] {
  const key = origins.includes("declared") && origins.includes("observed") ? "both" : (origins[0] ?? "declared");
  return KNOWN_AS.find((one) => one.key === key) ?? KNOWN_AS[1];
}

interface Line {
  readonly type: string;
  readonly count: number;
  readonly origins: readonly Origin[];
  readonly calls: number | undefined;
  readonly errorShare: number | undefined;
  readonly drift: number;
}

/** From this share on, errors are written on the line. */
const NOTED_ERRORS = 0.01;

/** Thicker by calls: ten times the calls are a step. */
export function styleOfLine({ type, origins, calls, count }: Line): LineStyle {
  const traffic = calls === undefined || calls === 0 ? 0 : Math.log10(calls) * 0.55;
  return {
    color: colorOfRelation(type),
    dash: knownAs(origins).dash,
    width: Math.min(4.5, 1.3 + Math.max(traffic, Math.log2(count) * 0.25)),
  };
}

/** What stands on a line: how many relations it is, failing calls, and what only one side knows. Nothing where nothing is odd. */
export function wordsOnLine({ count, errorShare, drift, origins }: Line): string | undefined {
  const words = [
    ...(count > 1 ? [String(count)] : []),
    ...(errorShare !== undefined && errorShare >= NOTED_ERRORS ? [`▲ ${formatPercent(errorShare)} errors`] : []),
    ...(drift > 0 && count === 1 ? [origins.includes("observed") ? "not declared" : "never seen"] : []),
    ...(drift > 0 && count > 1 ? [`${drift} drift`] : []),
  ];
  return words.length === 0 ? undefined : words.join(" · ");
}

export function labelOfRelation(type: string): string {
  return relationWords(type);
}
