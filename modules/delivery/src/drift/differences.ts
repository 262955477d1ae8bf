import type { DriftDifference } from "@roadbed/contracts/delivery/drift";

import type { Manifest } from "../workload/manifest.ts";

/** What somebody took into Git as it runs: fields of the manifest, and whether it is to run at all. */
export interface Accepted {
  readonly manifest?: Readonly<Partial<Manifest>>;
  readonly suspended?: boolean;
}

/** What Git says of a component in an environment. */
export interface Wanted {
  readonly commit: string;
  readonly manifest: Manifest;
  readonly suspended: boolean;
}

/** What is there of it. A runtime that cannot tell something leaves it out. */
export interface Actual {
  readonly commit: string | undefined;
  readonly manifest: Manifest | undefined;
  readonly suspended: boolean;
  /** Names of variables whose value is another one now than when the process was started. Values are never told. */
  readonly stale: readonly string[];
}

/** How a release is to run where something of it was accepted as it ran. */
export function withAccepted(manifest: Manifest, { manifest: changes = {} }: Accepted): Manifest {
  return { ...manifest, ...changes };
}

/** What is different, in a stable order; nothing where all is as Git says. */
export function differencesOf(wanted: Wanted, actual: Actual | undefined): DriftDifference[] {
  if (actual?.commit === undefined) return [{ field: "commit", git: wanted.commit }];
  const found: DriftDifference[] = [];
  if (actual.commit !== wanted.commit) found.push({ field: "commit", git: wanted.commit, runs: actual.commit });
  // Another commit brings its own manifest: that is one difference, not twenty.
  else if (actual.manifest !== undefined) found.push(...manifestDifferences(wanted.manifest, actual.manifest));
  if (actual.suspended !== wanted.suspended) found.push({ field: "runs", git: stateOf(wanted.suspended), runs: stateOf(actual.suspended) });
  for (const name of actual.suspended ? [] : actual.stale.toSorted())
    found.push({ field: `variable.${name}`, git: "its value of now", runs: "the value that it had at the start" });
  return found;
}

/** What accepting these differences takes into Git beside what was accepted before; undefined where that needs another release. */
export function acceptedFrom(differences: readonly DriftDifference[], actual: Actual, before: Accepted): Accepted | undefined {
  if (actual.manifest === undefined || differences.some(({ field }) => field === "commit" || field.startsWith("variable.")))
    return undefined;
  const runs = new Map(Object.entries(actual.manifest));
  const fields = new Set(differences.map(({ field }) => field.split(".")[0]!).filter((field) => field !== "runs"));
  const changes = Object.fromEntries([...fields].toSorted().map((field) => [field, runs.get(field)]));
  const manifest = { ...before.manifest, ...(changes as Partial<Manifest>) };
  return {
    ...(Object.keys(manifest).length === 0 ? {} : { manifest }),
    ...(actual.suspended ? { suspended: true } : {}),
  };
}

function manifestDifferences(git: Manifest, runs: Manifest): DriftDifference[] {
  const [left, right] = [flatten(git), flatten(runs)];
  const fields = [...new Set([...left.keys(), ...right.keys()])].toSorted();
  return fields.flatMap((field) => {
    const [a, b] = [left.get(field), right.get(field)];
    if (a === b) return [];
    return [{ field, ...(a === undefined ? {} : { git: a }), ...(b === undefined ? {} : { runs: b }) }];
  });
}

/** Every value by its path; lists are one value, because their order is what they say. */
function flatten(value: unknown, path = "", into = new Map<string, string>()): Map<string, string> {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, path === "" ? key : `${path}.${key}`, into);
  } else if (value !== undefined) into.set(path, typeof value === "string" ? value : JSON.stringify(value));
  return into;
}

function stateOf(suspended: boolean): string {
  return suspended ? "stopped" : "running";
}
