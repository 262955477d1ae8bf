import { posix } from "node:path";

import { parseAllDocuments } from "yaml";

import { readManifests, type Manifest, type Unread } from "./read-manifests.ts";

/** The texts of one side of a change, by path. */
export type Texts = ReadonlyMap<string, string>;

export interface Rendered {
  readonly manifests: readonly Manifest[];
  readonly unread: readonly Unread[];
  /** Every file that it is made of. */
  readonly made: ReadonlySet<string>;
}

type Data = Record<string, unknown>;

const NAMES = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/** What is done here; a folder that asks for more is said to be unread, not rendered half. */
const KNOWN = new Set([
  "apiVersion",
  "kind",
  "metadata",
  "resources",
  "bases",
  "namespace",
  "namePrefix",
  "nameSuffix",
  "commonLabels",
  "labels",
  "commonAnnotations",
  "images",
  "replicas",
  "patches",
  "patchesStrategicMerge",
  "patchesJson6902",
]);
const MOST_DEEP = 10;

/** Folders with a kustomization that no other one takes in: each is an environment, or stands for one. */
export function environmentsIn(texts: Texts): readonly string[] {
  const folders = [...texts.keys()].filter((path) => NAMES.includes(posix.basename(path))).map((path) => posix.dirname(path));
  const taken = new Set(
    folders.flatMap((folder) => resourcesOf(kustomizationIn(texts, folder)?.data ?? {}).map((one) => posix.join(folder, one))),
  );
  return folders.filter((folder) => !taken.has(folder)).toSorted();
}

/** What an overlay makes of its bases and patches. Each resource keeps the place where a person wrote it. */
export function renderKustomization(texts: Texts, folder: string): Rendered {
  const made = new Set<string>();
  const unread: Unread[] = [];
  const manifests = build(folder, 0);
  return { manifests: manifests.map((one) => ({ ...one, environment: folder })), unread, made };

  function build(at: string, depth: number): Manifest[] {
    const found = kustomizationIn(texts, at);
    if (!found || depth > MOST_DEEP) {
      unread.push({
        file: at,
        line: 1,
        reason: found ? "takes itself in" : "has no kustomization",
        mend: "Correct the path in `resources`.",
      });
      return [];
    }
    const { path, data } = found;
    made.add(path);
    const odd = Object.keys(data).filter((key) => !KNOWN.has(key));
    if (odd.length > 0) {
      unread.push({
        file: path,
        line: 1,
        reason: `uses ${odd.join(", ")}, which is not rendered here`,
        mend: "Render it in the pipeline with kustomize, and check the two folders: roadbed check --before <folder> --after <folder>",
      });
    }
    const resources = resourcesOf(data).flatMap((name) => take(at, path, name, depth));
    return transform(resources, at, data);
  }

  function take(at: string, from: string, name: string, depth: number): Manifest[] {
    const path = posix.join(at, name);
    const text = texts.get(path);
    if (text !== undefined) {
      made.add(path);
      const read = readManifests(path, text);
      unread.push(...read.unread);
      return [...read.manifests];
    }
    if (kustomizationIn(texts, path)) return build(path, depth + 1);
    const isRemote = /^(?:https?:|git@|ssh:|github\.com)|\?ref=/.test(name);
    unread.push({
      file: from,
      line: 1,
      reason: isRemote ? `takes in ${name}, which lies elsewhere` : `takes in ${name}, which is not there`,
      mend: isRemote ? "Render it in the pipeline, and check the two folders." : "Correct the path in `resources`.",
    });
    return [];
  }

  function transform(resources: readonly Manifest[], at: string, data: Data): Manifest[] {
    const patches = patchesOf(at, data);
    return resources.map((one) => {
      let object = structuredClone(one.object) as Data;
      for (const { target, merge, steps } of patches) {
        if (!isMeant(object, target)) continue;
        if (merge) object = mergeStrategically(object, merge) as Data;
        for (const step of steps) applyStep(object, step);
      }
      return { ...one, object: dress(object, data) };
    });
  }

  function patchesOf(at: string, data: Data): readonly Patch[] {
    const text = (path: unknown): string => {
      const whole = posix.join(at, String(path));
      made.add(whole);
      return texts.get(whole) ?? "";
    };
    const patches: Patch[] = [];
    for (const one of listOf(data["patches"])) {
      const { path, patch, target } = one as Data;
      for (const part of documentsOf(path === undefined ? (typeof patch === "string" ? patch : "") : text(path)))
        patches.push(patchOf(part, target as Data | undefined));
    }
    for (const one of listOf(data["patchesStrategicMerge"])) {
      for (const part of documentsOf(String(one).includes("\n") ? String(one) : text(one))) patches.push(patchOf(part, undefined));
    }
    for (const one of listOf(data["patchesJson6902"])) {
      const { path, patch, target } = one as Data;
      for (const part of documentsOf(path === undefined ? (typeof patch === "string" ? patch : "") : text(path)))
        patches.push(patchOf(part, target as Data | undefined));
    }
    return patches;
  }
}

interface Patch {
  readonly target: Data | undefined;
  readonly merge: Data | undefined;
  readonly steps: readonly Data[];
}

function patchOf(part: unknown, target: Data | undefined): Patch {
  if (Array.isArray(part)) return { target, merge: undefined, steps: part as Data[] };
  const merge = part as Data;
  return { target: target ?? { kind: merge["kind"], name: (merge["metadata"] as Data | undefined)?.["name"] }, merge, steps: [] };
}

function isMeant(object: Data, target: Data | undefined): boolean {
  if (target === undefined) return true;
  const metadata = (object["metadata"] ?? {}) as Data;
  const fits = (wanted: unknown, is: unknown): boolean =>
    wanted === undefined || new RegExp(`^(?:${simple(textOf(wanted))})$`).test(textOf(is));
  const labels = (metadata["labels"] ?? {}) as Data;
  const selector = textOf(target["labelSelector"]);
  const isSelected =
    selector === "" || selector.split(",").every((one) => labels[one.split("=")[0]!.trim()] === one.split("=").at(-1)!.trim());
  return (
    fits(target["kind"], object["kind"]) &&
    fits(target["name"], metadata["name"]) &&
    fits(target["namespace"], metadata["namespace"]) &&
    isSelected
  );
}

/** Names may be patterns: only what cannot run away is taken for one. */
function simple(pattern: string): string {
  return /^[\w.*|-]{1,200}$/.test(pattern) && !/\*.*\*.*\*/.test(pattern)
    ? pattern.replaceAll(/(?<!\.)\*/g, ".*")
    : pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Objects are merged, lists of named things by name, other lists replaced; null takes away. */
export function mergeStrategically(base: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) {
    if (!Array.isArray(base) || !patch.every(isNamed) || !base.every(isNamed)) return patch;
    const merged = [...(base as Data[])];
    for (const one of patch as Data[]) {
      const at = merged.findIndex(({ name }) => name === one["name"]);
      if (one["$patch"] === "delete") {
        if (at >= 0) merged.splice(at, 1);
      } else if (at < 0) merged.push(one);
      else merged[at] = mergeStrategically(merged[at], one) as Data;
    }
    return merged;
  }
  if (!isObject(patch) || !isObject(base)) return patch;
  const merged: Data = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (key !== "__proto__") merged[key] = Object.hasOwn(merged, key) ? mergeStrategically(merged[key], value) : value;
  }
  return merged;
}

function applyStep(object: Data, { op, path, value }: Data): void {
  const way = textOf(path)
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = way.pop();
  let holder: unknown = object;
  // Only what the document itself holds is walked through: `/__proto__/x` would lead into every object of the server.
  for (const part of way)
    holder = (isObject(holder) || Array.isArray(holder)) && Object.hasOwn(holder, part) ? (holder as Data)[part] : undefined;
  if (last === undefined || last === "__proto__" || (!isObject(holder) && !Array.isArray(holder))) return;
  if (Array.isArray(holder)) {
    const at = last === "-" ? holder.length : Number(last);
    if (op === "add") holder.splice(at, 0, value);
    else if (op === "remove") holder.splice(at, 1);
    else if (op === "replace") holder[at] = value;
  } else if (op === "remove") delete holder[last];
  else if (op === "add" || op === "replace") holder[last] = value;
}

/** Names, namespace, labels, annotations, images and replicas, as the kustomization says. */
function dress(object: Data, data: Data): Data {
  const metadata = { ...((object["metadata"] ?? {}) as Data) };
  const name = metadata["name"];
  if (typeof name === "string") metadata["name"] = `${textOf(data["namePrefix"])}${name}${textOf(data["nameSuffix"])}`;
  if (data["namespace"] !== undefined && !CLUSTER_WIDE.has(String(object["kind"]))) metadata["namespace"] = data["namespace"];
  const pairs = listOf(data["labels"]).flatMap((one) => Object.entries(((one as Data)["pairs"] ?? {}) as Data));
  const labels = { ...((data["commonLabels"] ?? {}) as Data), ...Object.fromEntries(pairs) };
  if (Object.keys(labels).length > 0) metadata["labels"] = { ...((metadata["labels"] ?? {}) as Data), ...labels };
  const annotations = (data["commonAnnotations"] ?? {}) as Data;
  if (Object.keys(annotations).length > 0) metadata["annotations"] = { ...((metadata["annotations"] ?? {}) as Data), ...annotations };
  const dressed: Data = { ...object, metadata };
  for (const one of listOf(data["replicas"]) as Data[]) {
    if (one["name"] === name && isObject(dressed["spec"])) dressed["spec"] = { ...dressed["spec"], replicas: one["count"] };
  }
  for (const image of listOf(data["images"]) as Data[]) swapImages(dressed, image);
  return dressed;
}

const CLUSTER_WIDE = new Set([
  "Namespace",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "PersistentVolume",
  "StorageClass",
  "PriorityClass",
]);

function swapImages(node: unknown, { name, newName, newTag, digest }: Data): void {
  if (Array.isArray(node)) for (const one of node) swapImages(one, { name, newName, newTag, digest });
  if (!isObject(node)) return;
  for (const [key, value] of Object.entries(node)) {
    if (key !== "image" || typeof value !== "string") {
      swapImages(value, { name, newName, newTag, digest });
      continue;
    }
    const [, bare = value, rest = ""] = /^(.+?)((?::[^/:@]+)?(?:@.+)?)$/.exec(value) ?? [];
    if (bare !== name) continue;
    const end = digest !== undefined ? `@${textOf(digest)}` : newTag !== undefined ? `:${textOf(newTag)}` : rest;
    node[key] = `${textOf(newName ?? bare)}${end}`;
  }
}

function kustomizationIn(texts: Texts, folder: string): { readonly path: string; readonly data: Data } | undefined {
  for (const name of NAMES) {
    const path = posix.join(folder, name);
    const text = texts.get(path);
    if (text === undefined) continue;
    const [data] = documentsOf(text);
    return { path, data: isObject(data) ? data : { "text that cannot be read": true } };
  }
  return undefined;
}

function resourcesOf(data: Data): string[] {
  return [...listOf(data["resources"]), ...listOf(data["bases"])].filter((one) => typeof one === "string");
}

function documentsOf(text: string): unknown[] {
  const found = parseAllDocuments(text, { logLevel: "silent" });
  return (Array.isArray(found) ? found : []).flatMap((one) => {
    const data: unknown = one.errors.length > 0 ? undefined : one.toJS({ maxAliasCount: 100 });
    return isObject(data) || Array.isArray(data) ? [data] : [];
  });
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function isNamed(value: unknown): boolean {
  return isObject(value) && typeof value["name"] === "string";
}

function isObject(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
