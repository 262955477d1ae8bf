/**
 * What a new version of a path means for a repository, file by file. Base: what the version made that the repository is on; theirs:
 * what the new one makes; ours: what is in the repository. Pure; texts are merged by whoever carries the plan out.
 */

/** A file as one side has it. */
export interface Side {
  readonly hash: string;
  readonly executable: boolean;
}

export interface UpgradeSides {
  readonly base: ReadonlyMap<string, Side>;
  readonly theirs: ReadonlyMap<string, Side>;
  readonly ours: ReadonlyMap<string, Side>;
  /** Files of the base that the new version calls otherwise, and those that were renamed here. */
  readonly renamedByPath: ReadonlyMap<string, string>;
  readonly renamedHere: ReadonlyMap<string, string>;
  /** Whether a file stays the path's; of others, what is here always counts. */
  readonly managed: (path: string) => boolean;
  /** Why a file is left as it is whatever the path says: it deviates knowingly, or holds a secret that is not kept. */
  readonly kept: (path: string) => string | undefined;
}

export type UpgradeStep =
  /** The new version's file as it is; `from` is where it was here before. */
  | { readonly kind: "take"; readonly path: string; readonly from?: string; readonly why: string }
  | { readonly kind: "remove"; readonly path: string; readonly why: string }
  /** Three texts become one at `path`; `from` is where it is here. */
  | {
      readonly kind: "merge";
      readonly path: string;
      readonly from: string;
      readonly base: string | undefined;
      readonly ours: string;
      readonly theirs: string;
      readonly executable: boolean;
      readonly managed: boolean;
    }
  /** Nothing is done, and somebody should know. */
  | { readonly kind: "keep"; readonly path: string; readonly why: string }
  | {
      readonly kind: "conflict";
      readonly path: string;
      readonly ours?: string;
      readonly theirs?: string;
      readonly executable: boolean;
      readonly why: string;
    };

/** Steps in the order of paths; what is the same on all sides has none. */
export function planUpgrade(sides: UpgradeSides): UpgradeStep[] {
  const { base, theirs, ours, renamedByPath, kept } = sides;
  const newNames = new Set([...renamedByPath].filter(([was]) => base.has(was)).map(([, now]) => now));
  const steps: UpgradeStep[] = [];
  for (const path of [...new Set([...base.keys(), ...theirs.keys()])].sort()) {
    if (newNames.has(path) && !base.has(path)) continue;
    const target = base.has(path) && !theirs.has(path) ? (renamedByPath.get(path) ?? path) : path;
    const changed = target !== path || !isSame(base.get(path), theirs.get(path));
    if (!changed) continue;
    const why = kept(path) ?? kept(target);
    if (why !== undefined) steps.push({ kind: "keep", path: target, why });
    else steps.push(...planFile(sides, path, target));
  }
  return steps.filter((step) => step.kind !== "take" || step.from !== undefined || !isSame(ours.get(step.path), theirs.get(step.path)));
}

/** `path` is the file's name in the base (or in theirs where it is new), `target` its name in theirs. */
function planFile(sides: UpgradeSides, path: string, target: string): UpgradeStep[] {
  const { base, theirs, ours, renamedHere, managed } = sides;
  const [b, t] = [base.get(path), theirs.get(target)];
  const here = ours.has(path) ? path : (renamedHere.get(path) ?? (target !== path && ours.has(target) ? target : path));
  const o = ours.get(here);
  if (b === undefined) return t === undefined ? [] : planNew(target, t, ours.get(target), managed(target));
  if (t === undefined) return planRemoved(here, b, o, managed(path));
  if (o === undefined) return planGone(target, b, t, managed(path));
  // Where both sides renamed, the name that it has here counts.
  const place = here === path ? target : here;
  if (place !== here && ours.has(place) && !isSame(ours.get(place), t)) {
    return [conflict(place, ours.get(place), t, `The path calls ${path} so now, and here another file has that name.`)];
  }
  const moved = place === here ? [] : [{ kind: "remove" as const, path: here, why: `The path calls it ${place} now.` }];
  if (isSame(o, t)) return place === here ? [] : [{ kind: "take", path: place, from: here, why: "The path renamed it." }, ...moved];
  if (isSame(o, b) && place === target) {
    return [
      {
        kind: "take",
        path: place,
        ...(moved.length > 0 ? { from: here } : {}),
        why: moved.length > 0 ? "The path renamed it." : "The path changed it.",
      },
      ...moved,
    ];
  }
  const executable = t.executable === b.executable ? o.executable : t.executable;
  return [
    { kind: "merge", path: place, from: here, base: b.hash, ours: o.hash, theirs: t.hash, executable, managed: managed(path) },
    ...moved,
  ];
}

function planNew(path: string, t: Side, o: Side | undefined, managed: boolean): UpgradeStep[] {
  if (o === undefined) return [{ kind: "take", path, why: "The path has it now." }];
  if (isSame(o, t)) return [];
  return [{ kind: "merge", path, from: path, base: undefined, ours: o.hash, theirs: t.hash, executable: t.executable, managed }];
}

function planRemoved(here: string, b: Side, o: Side | undefined, managed: boolean): UpgradeStep[] {
  if (o === undefined) return [];
  if (isSame(o, b)) return [{ kind: "remove", path: here, why: "The path has it no more." }];
  if (!managed) return [{ kind: "keep", path: here, why: "The path has it no more, and it is yours." }];
  return [conflict(here, o, undefined, "The path has it no more, and it was changed here.")];
}

function planGone(path: string, b: Side, t: Side, managed: boolean): UpgradeStep[] {
  if (!managed) return [{ kind: "keep", path, why: "The path changed it; it was deleted here, and it is yours." }];
  if (b.hash === t.hash && b.executable === t.executable) return [{ kind: "keep", path, why: "It was deleted here." }];
  return [conflict(path, undefined, t, "The path changed it, and it was deleted here.")];
}

function conflict(path: string, ours: Side | undefined, theirs: Side | undefined, why: string): UpgradeStep {
  return {
    kind: "conflict",
    path,
    ...(ours === undefined ? {} : { ours: ours.hash }),
    ...(theirs === undefined ? {} : { theirs: theirs.hash }),
    executable: theirs?.executable ?? ours?.executable ?? false,
    why,
  };
}

function isSame(a: Side | undefined, b: Side | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.hash === b.hash && a.executable === b.executable);
}
