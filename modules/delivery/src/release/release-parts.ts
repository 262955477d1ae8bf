import { createHash } from "node:crypto";

import type { Part, PartDifference } from "@roadbed/contracts/delivery/releases";
import { InvalidError, type Problem } from "@roadbed/core";
import type { z } from "zod";

/** Kinds whose version may be moved to something else: they name what they were by a digest too. */
const PINNED: ReadonlySet<Part["kind"]> = new Set(["image", "model"]);

/** Sorted by kind and name; throws `InvalidError` for what is there twice or not pinned. */
export function checkParts(parts: readonly Part[]): Part[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [index, { kind, name, digest }] of parts.entries()) {
    const key = `${kind} ${name}`;
    if (seen.has(key)) problems.push({ at: `parts[${index}]`, reason: `names the ${kind} ${name} a second time` });
    if (PINNED.has(kind) && digest === undefined) {
      problems.push({ at: `parts[${index}].digest`, reason: `is needed for the ${kind}: its version can be moved to something else` });
    }
    seen.add(key);
  }
  if (parts.length === 0) problems.push({ at: "parts", reason: "a release holds at least one thing" });
  if (problems.length > 0)
    throw new InvalidError("These parts make no release.", { problems, mend: "Name each part once, images and models with their digest." });
  return parts.toSorted((a, b) => compare(a.kind, b.kind) || compare(a.name, b.name));
}

/** Of sorted parts. */
export function digestOf(parts: readonly Part[], irreversible: string | undefined): string {
  const lines = parts.map(({ kind, name, version, digest = "" }) => [kind, name, version, digest]);
  const text = JSON.stringify(irreversible === undefined ? lines : [lines, irreversible]);
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** What becomes of each part on the way from one release to another. */
export function compareParts(from: readonly Part[], to: readonly Part[]): z.infer<typeof PartDifference>[] {
  const [before, after] = [from, to].map((parts) => new Map(parts.map((part) => [`${part.kind} ${part.name}`, part])));
  return [...new Set([...before!.keys(), ...after!.keys()])].sort().map((key) => {
    const [old, now] = [before!.get(key), after!.get(key)];
    const { kind, name } = (now ?? old)!;
    const change = old === undefined ? "added" : now === undefined ? "removed" : shown(old) === shown(now) ? "same" : "changed";
    return {
      kind,
      name,
      change,
      ...(old === undefined ? {} : { from: shown(old) }),
      ...(now === undefined ? {} : { to: shown(now) }),
    };
  });
}

function shown({ version, digest }: Part): string {
  return digest === undefined ? version : `${version}@${digest}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
