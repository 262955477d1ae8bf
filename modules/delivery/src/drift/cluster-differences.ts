import type { DriftDifference } from "@roadbed/contracts/delivery/drift";

import { releaseOf } from "../kubernetes/cluster/judge-workload.ts";
import type { KubeObject } from "../kubernetes/cluster/sorts.ts";
import type { Manifest as KubeManifest } from "../kubernetes/manifest.ts";
import type { Manifest } from "../workload/manifest.ts";
import type { Accepted } from "./differences.ts";

/** By what members of lists are known in Kubernetes, the first that all of them have. */
const KEYS = ["name", "containerPort", "mountPath", "topologyKey"] as const;
const MOST = 50;

/**
 * What a cluster has of an object beside what Git says of it. Only what Git sets counts, as whoever applies it by server-side apply would own it: fields
 * that the cluster filled in, containers that something put beside, and annotations of others are none of it. Quantities are the same by what they are.
 */
export function differencesInCluster(wanted: KubeManifest, there: KubeObject | undefined): DriftDifference[] {
  if (there === undefined) return [{ field: "object", git: `${wanted.kind} ${wanted.metadata.name}` }];
  const [git, runs] = [releaseOf(wanted as KubeObject), releaseOf(there)];
  // Another release brings another everything: that is one difference.
  if (git !== runs)
    return [
      { field: "release", ...(git === undefined ? {} : { git: String(git) }), ...(runs === undefined ? {} : { runs: String(runs) }) },
    ];
  const found: DriftDifference[] = [];
  compare(found, "metadata.labels", wanted.metadata["labels"], there.metadata?.labels);
  compare(found, "spec", wanted["spec"], there.spec);
  return found.slice(0, MOST);
}

/**
 * What accepting these differences takes into Git: how many there are, and what they may use, in the words of `roadbed.yaml`. Undefined where something
 * of it has no place there.
 */
export function acceptedFromCluster(differences: readonly DriftDifference[], manifest: Manifest, before: Accepted): Accepted | undefined {
  let { scale, limits } = manifest;
  let suspended = before.suspended === true;
  for (const { field, runs } of differences) {
    const number = quantityOf(runs ?? "");
    if (number === undefined) return undefined;
    if (field === "spec.replicas") {
      suspended = number === 0;
      if (number > 20) return undefined;
      if (number > 0) scale = { ...scale, replicas: number };
    } else if (/^spec\.template\.spec\.containers\[[^\]]+\]\.resources\.(requests|limits)\.memory$/.test(field)) {
      limits = { ...limits, memoryMb: Math.round(number / 2 ** 20) };
    } else if (/^spec\.template\.spec\.containers\[[^\]]+\]\.resources\.requests\.cpu$/.test(field)) {
      limits = { ...limits, cpuMillis: Math.round(number * 1_000) };
    } else return undefined;
  }
  const changes = { ...(scale === manifest.scale ? {} : { scale }), ...(limits === manifest.limits ? {} : { limits }) };
  const all = { ...before.manifest, ...changes };
  return { ...(Object.keys(all).length === 0 ? {} : { manifest: all }), ...(suspended ? { suspended } : {}) };
}

function compare(found: DriftDifference[], path: string, git: unknown, runs: unknown): void {
  if (git === undefined || isEmpty(git)) return;
  if (Array.isArray(git)) return compareLists(found, path, git, Array.isArray(runs) ? runs : []);
  if (typeof git === "object" && git !== null) {
    for (const [field, value] of Object.entries(git)) {
      const inner = typeof runs === "object" && runs !== null ? (runs as Record<string, unknown>)[field] : undefined;
      compare(found, /^[\w-]+$/.test(field) ? `${path}.${field}` : `${path}[${field}]`, value, inner);
    }
    return;
  }
  if (isSame(git, runs)) return;
  found.push({ field: path, git: wordOf(git), ...(runs === undefined || runs === null ? {} : { runs: wordOf(runs) }) });
}

/** Members with a name are found by it, wherever they stand; others stand where they stand, and there are as many. */
function compareLists(found: DriftDifference[], path: string, git: readonly unknown[], runs: readonly unknown[]): void {
  const key = KEYS.find((one) => git.every((member) => isObject(member) && member[one] !== undefined));
  if (key !== undefined) {
    for (const member of git as Record<string, unknown>[]) {
      const there = runs.find((one) => isObject(one) && String(one[key]) === String(member[key]));
      compare(found, `${path}[${String(member[key])}]`, member, there);
    }
    return;
  }
  if (git.length !== runs.length || git.every((member) => !isObject(member))) {
    if (JSON.stringify(git) !== JSON.stringify(runs)) found.push({ field: path, git: JSON.stringify(git), runs: JSON.stringify(runs) });
    return;
  }
  for (const [at, member] of git.entries()) compare(found, `${path}[${at}]`, member, runs[at]);
}

function isSame(git: unknown, runs: unknown): boolean {
  if (git === runs || String(git) === String(runs)) return true;
  const [a, b] = [quantityOf(git), quantityOf(runs)];
  return a !== undefined && b !== undefined && Math.abs(a - b) <= Math.abs(a) * 1e-9;
}

const UNITS: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** `1000m` is `1`, and `1024Mi` is `1Gi`: a cluster says it in its own way. */
function quantityOf(value: unknown): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(value)) ?? [];
  return digits === undefined ? undefined : Number(digits) * (unit === undefined ? 1 : UNITS[unit]!);
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
