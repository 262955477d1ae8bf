import { createHash } from "node:crypto";

import type { Diff } from "./compare-snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

/** Up to so many entities may go without a question: a small source changes by large parts of itself. */
const FEW = 5;

/**
 * Why a run must not be written before somebody has looked at it; undefined when it may. A system that answers with nothing, or with
 * much less than before, is more often broken than emptied.
 */
export function reasonToHold(diff: Diff, thresholdPercent: number): string | undefined {
  const { removed, owned, kept, orphaned } = diff;
  if (removed.length === 0) return undefined;
  const isEmptied = owned - removed.length - kept.length <= 0 && orphaned.length === 0 && diff.registered.length === 0;
  if (isEmptied && kept.length === 0) return `it would remove all ${owned} entities of the source`;
  const percent = (removed.length / owned) * 100;
  if (removed.length <= FEW || percent <= thresholdPercent) return undefined;
  return `it would remove ${removed.length} of ${owned} entities (${Math.round(percent)} %; up to ${thresholdPercent} % go without a question)`;
}

/** The same for the same writes: tells whether a question is still the one that was asked. */
export function digestOf(diff: Diff, snapshot: Pick<Snapshot, "docs">): string {
  const hash = createHash("sha256");
  for (const [mark, lines] of [
    ["+", diff.registered.map(({ ref, hash: text }) => `${ref} ${text}`)],
    ["~", diff.changed.map(({ ref, hash: text }) => `${ref} ${text}`)],
    ["-", diff.removed],
  ] as const)
    for (const line of [...lines].sort()) hash.update(`${mark}${line}\n`);
  for (const { root, hash: text } of snapshot.docs) hash.update(`d${root} ${text}\n`);
  return hash.digest("base64url");
}
