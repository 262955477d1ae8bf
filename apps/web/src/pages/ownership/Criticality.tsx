import type { ReactNode } from "react";

/** From each on, the word for it; as the server puts words into numbers. */
const WORDS = [
  [0.9, "critical"],
  [0.7, "high"],
  [0.45, "medium"],
  [0, "low"],
] as const;

/** How much it matters when something fails, in a word; the number is beside it for who compares. */
export function Criticality({ value }: { readonly value: number }): ReactNode {
  const [, word] = WORDS.find(([from]) => value >= from) ?? WORDS[3];
  return (
    <span title={`${value} on a scale from 0 to 1`}>
      {word} <span className="rb-dim">{value.toFixed(2)}</span>
    </span>
  );
}
