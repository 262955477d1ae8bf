import type { Entity } from "@roadbed/contracts/catalog";

const BY_WORD: ReadonlyMap<string, number> = new Map([
  ["critical", 1],
  ["mission-critical", 1],
  ["tier-1", 1],
  ["tier1", 1],
  ["1", 1],
  ["p1", 1],
  ["0", 1],
  ["tier-0", 1],
  ["high", 0.75],
  ["tier-2", 0.75],
  ["tier2", 0.75],
  ["2", 0.75],
  ["p2", 0.75],
  ["medium", 0.5],
  ["tier-3", 0.5],
  ["tier3", 0.5],
  ["3", 0.5],
  ["p3", 0.5],
  ["low", 0.25],
  ["tier-4", 0.25],
  ["tier4", 0.25],
  ["4", 0.25],
  ["p4", 0.25],
]);
const BY_LIFECYCLE: Readonly<Record<string, number>> = { production: 0.6, deprecated: 0.3, experimental: 0.2, development: 0.2 };
const OTHERWISE = 0.4;

/**
 * How much it matters when this is affected, from 0 to 1. First what says so: `spec.criticality`, `spec.tier`, the annotations
 * `roadbed.dev/criticality` and `roadbed.dev/tier`, a label whose name ends with `tier` or `criticality`; of these the highest.
 * Else the lifecycle: production 0.6, deprecated 0.3, experimental 0.2, all others 0.4.
 */
export function criticalityOf({ metadata, spec }: Entity): number {
  let highest: number | undefined;
  const hear = (value: unknown): void => {
    const word = typeof value === "string" || typeof value === "number" ? BY_WORD.get(String(value).trim().toLowerCase()) : undefined;
    if (word !== undefined) highest = Math.max(highest ?? 0, word);
  };
  hear(spec?.["criticality"]);
  hear(spec?.["tier"]);
  hear(metadata.annotations?.["roadbed.dev/criticality"]);
  hear(metadata.annotations?.["roadbed.dev/tier"]);
  for (const name in metadata.labels) if (name.endsWith("tier") || name.endsWith("criticality")) hear(metadata.labels[name]);
  if (highest !== undefined) return highest;
  const lifecycle = spec?.["lifecycle"];
  return (typeof lifecycle === "string" ? BY_LIFECYCLE[lifecycle.toLowerCase()] : undefined) ?? OTHERWISE;
}
