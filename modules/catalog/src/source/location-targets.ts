import { posix } from "node:path";

import type { Entity } from "@roadbed/contracts/catalog";

import type { Fault } from "../entity/fault.ts";
import { resolveInside, type Tree } from "./tree.ts";

/** The files a Location entity points to, and what is wrong with the targets that point to none. */
export function targetsOf(
  location: Entity,
  file: string,
  tree: Tree,
): { readonly files: readonly string[]; readonly faults: readonly Fault[] } {
  const { target, targets, presence } = location.spec ?? {};
  const named = [
    ...(typeof target === "string" ? [{ text: target, path: ["spec", "target"] }] : []),
    ...(Array.isArray(targets) ? targets.map((text: unknown, at) => ({ text: String(text), path: ["spec", "targets", at] })) : []),
  ];
  const files: string[] = [];
  const faults: Fault[] = [];
  for (const { text, path } of named) {
    const found = resolveTarget(text, file, tree);
    if (typeof found === "string") faults.push({ path, reason: `${text} ${found}`, mend: MENDS[found] ?? "Correct the target." });
    else if (found.length > 0) files.push(...found);
    else if (presence !== "optional")
      faults.push({ path, reason: `${MISSING}${text}`, mend: "Correct it: the path is relative to this file." });
  }
  return { files, faults };
}

/** The target that such a fault is about, from its reason; undefined for a reason of another sort. */
export function targetOfFault(reason: string): string | undefined {
  if (reason.startsWith(MISSING)) return reason.slice(MISSING.length);
  const end = [LEAVES, ELSEWHERE].find((words) => reason.endsWith(` ${words}`));
  return end === undefined ? undefined : reason.slice(0, -end.length - 1);
}

const MISSING = "there is no file ";
const LEAVES = "leaves the source";
const ELSEWHERE = "is not part of this source and is not fetched";

const MENDS: Readonly<Record<string, string>> = {
  [LEAVES]: "Name a file inside the source, relative to this one.",
  [ELSEWHERE]: "Add that address as a source of its own.",
};

function resolveTarget(text: string, file: string, tree: Tree): readonly string[] | string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const inside = tree.pathOf?.(text);
    return inside === undefined ? ELSEWHERE : existing(inside, tree);
  }
  const inside = resolveInside(file, text);
  if (inside === undefined) return LEAVES;
  const exact = existing(inside, tree);
  return exact.length === 0 && /[*?[{]/.test(inside) ? tree.files.filter((path) => posix.matchesGlob(path, inside)) : exact;
}

function existing(path: string, tree: Tree): readonly string[] {
  let [low, high] = [0, tree.files.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tree.files[middle]! < path) low = middle + 1;
    else high = middle;
  }
  return tree.files[low] === path ? [path] : [];
}
