import { posix } from "node:path";

import { formatRef, type Entity } from "@roadbed/contracts/catalog";
import { TooLargeError } from "@roadbed/core";

import type { Document, Parsed } from "../descriptor/document.ts";
import { parseJson, parseNdjson } from "../descriptor/parse-json.ts";
import { parseYaml } from "../descriptor/parse-yaml.ts";
import { mentionsPlaceholders, resolvePlaceholders } from "../descriptor/placeholders.ts";
import { readDocs, type DocRoot } from "../docs/read-docs.ts";
import { formatPath, type Fault } from "../entity/fault.ts";
import { KINDS } from "../entity/kinds.ts";
import { validateEntity } from "../entity/validate-entity.ts";
import { isRecord } from "../entity/validate-spec.ts";
import type { Kinds } from "../kinds/registry.ts";
import { breathe } from "./breathe.ts";
import { targetsOf } from "./location-targets.ts";
import { ReadCandidate } from "./read-candidate.ts";
import type { Problem, Snapshot } from "./snapshot.ts";
import { readAhead } from "./read-ahead.ts";
import { createTextStore } from "./text-store.ts";
import { decodeText, type Tree } from "./tree.ts";

const MB = 1024 * 1024;
/** A file may hold very many documents; each of them has its own, smaller limit. */
const MAX_FILE_BYTES = { yaml: 64 * MB, json: 64 * MB, ndjson: 384 * MB } as const;

/** Reads everything a tree describes. What is wrong with one document is a problem in the answer, never an error. */
export async function readSnapshot(tree: Tree, o: { readonly only?: string; readonly kinds: Kinds }): Promise<Snapshot> {
  const started = performance.now();
  const files = o.only === undefined ? tree.files.filter((file) => formatOf(file) !== undefined) : [o.only];
  const reading = createReading(readAhead(tree, files), o.kinds);
  for (const { file, reason, mend } of tree.skipped) reading.problems.push({ file, at: "", reason, mend });
  for (const file of files) await reading.readFile(file, isNamedDescriptor(file) || o.only !== undefined);
  return { ...(await reading.finish()), fingerprint: tree.fingerprint, durationMs: performance.now() - started };
}

/** Entities of one source that stay in memory as they were read. */
const MOST_KEPT = 20_000;

type Format = keyof typeof MAX_FILE_BYTES;

function formatOf(file: string): Format | undefined {
  const [, extension] = /\.(ya?ml|json|ndjson|jsonl)$/i.exec(file) ?? [];
  if (extension === undefined) return undefined;
  if (/^ya?ml$/i.test(extension)) return "yaml";
  return /^json$/i.test(extension) ? "json" : "ndjson";
}

function isNamedDescriptor(file: string): boolean {
  return posix.basename(file).startsWith("catalog-info.");
}

/** How a descriptor is told from the other YAML and JSON that lies about. */
const LOOKS_LIKE_DESCRIPTOR = /(?:^|[\s,{"'])apiVersion["']?\s*:\s*["']?(?:[\w.-]*backstage\.io|roadbed\.dev)\//;

/** The state of one reading: grows file by file. */
function createReading(tree: Tree, known: Kinds) {
  const problems: Problem[] = [];
  const byRef = new Map<string, ReadCandidate>();
  const texts = createTextStore();
  const seen = new Set<string>();
  const doubtful = new Set<string>();
  const doubtfulRefs = new Set<string>();
  const counts = { read: 0, failed: 0 };
  /** What can only be checked when every file was read: kinds, and entities of kinds that are not built in. */
  const held: { readonly file: string; readonly document: Document; readonly value: unknown }[] = [];
  let newest: string | undefined;
  let place: { readonly file: string; readonly location: string } | undefined;

  return { problems, readFile, finish };

  /** `surely`: every document in it must be a descriptor. Others are passed over unless they look like one. */
  async function readFile(file: string, surely: boolean): Promise<void> {
    if (seen.has(file)) return;
    seen.add(file);
    const format = formatOf(file) ?? "yaml";
    const text = await readText(file, format, surely);
    if (text === undefined || (!surely && !LOOKS_LIKE_DESCRIPTOR.test(text))) return;
    const isPlain = !mentionsPlaceholders(text);
    const before = byRef.size;
    const heldBefore = held.length;
    const locations: { entity: Entity; document: Document }[] = [];
    for (const parsed of PARSERS[format](text)) {
      await breathe();
      const entity = await readDocument(file, parsed, { surely, isPlain });
      if (entity?.kind === "Location") locations.push({ entity, document: (parsed as { document: Document }).document });
    }
    if (byRef.size - before === 1 && held.length === heldBefore && newest !== undefined) markAlone(file, newest);
    for (const { entity, document } of locations) await expand(file, entity, document);
  }

  async function readText(file: string, format: Format, surely: boolean): Promise<string | undefined> {
    try {
      const bytes = await tree.read(file, MAX_FILE_BYTES[format]);
      if (bytes === undefined) return undefined;
      const text = decodeText(bytes);
      if (text === undefined && surely) fileProblem(file, "is not UTF-8 text", "Save the file as UTF-8.");
      return text;
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
      if (surely || format === "ndjson") fileProblem(file, error.message, "Split it into several files.");
      return undefined;
    }
  }

  function fileProblem(file: string, reason: string, mend: string): void {
    counts.read++;
    counts.failed++;
    problems.push({ file, at: "", reason, mend });
    doubtful.add(tree.locationOf(file));
  }

  /** `isPlain`: nothing has to be put into it. */
  async function readDocument(
    file: string,
    parsed: Parsed,
    { surely, isPlain }: { readonly surely: boolean; readonly isPlain: boolean },
  ): Promise<Entity | undefined> {
    if ("unreadable" in parsed) {
      counts.read++;
      counts.failed++;
      const { line, reason, mend } = parsed.unreadable;
      problems.push({ file, line, at: "", reason, mend });
      doubtful.add(tree.locationOf(file));
      return undefined;
    }
    const { document } = parsed;
    if (!surely && !isDescriptor(document.value)) return undefined;
    counts.read++;
    const {
      value,
      faults: missing,
      notes,
    } = isPlain ? { value: document.value, faults: [], notes: [] } : await resolvePlaceholders(document.value, file, tree);
    report(file, document, notes);
    if (missing.length === 0 && isOfOwnKind(value)) {
      held.push({ file, document, value });
      return undefined;
    }
    return check(file, document, value, known, missing);
  }

  function check(file: string, document: Document, value: unknown, kinds: Kinds, missing: readonly Fault[] = []): Entity | undefined {
    const { entity, faults } = missing.length > 0 ? { entity: undefined, faults: missing } : validateEntity(value, kinds);
    if (entity) return add(file, document, entity) ? entity : undefined;
    counts.failed++;
    const ref = refOf(document.value);
    report(file, document, faults, ref);
    if (ref === undefined) doubtful.add(tree.locationOf(file));
    else doubtfulRefs.add(ref);
    return undefined;
  }

  function report(file: string, document: Document, faults: readonly Fault[], ref?: string): void {
    for (const { path, reason, mend } of faults) {
      problems.push({
        file,
        line: document.lineOf(path),
        at: formatPath(path),
        reason,
        ...(mend === undefined ? {} : { mend }),
        ...(ref === undefined ? {} : { ref }),
      });
    }
  }

  function add(file: string, document: Document, entity: Entity): boolean {
    const ref = formatRef({ kind: entity.kind, namespace: entity.metadata.namespace ?? "default", name: entity.metadata.name });
    const first = byRef.get(ref);
    if (first) {
      counts.failed++;
      const reason = `${ref} is described twice: first in ${first.file}, line ${first.line}`;
      report(file, document, [{ path: ["metadata", "name"], reason, mend: "Give one of them another name, or remove it." }], ref);
      return false;
    }
    newest = ref;
    const candidate = { ref, entity, file, location: locationOf(file), line: document.line };
    byRef.set(ref, new ReadCandidate(texts, candidate, { keep: byRef.size < MOST_KEPT }));
    return true;
  }

  /** One text for all entities of a file. */
  function locationOf(file: string): string {
    if (place?.file !== file) place = { file, location: tree.locationOf(file) };
    return place.location;
  }

  /** An entity that has a file of its own also owns the documentation beside it, said or unsaid. */
  function markAlone(file: string, ref: string): void {
    const only = byRef.get(ref);
    if (only?.file === file && isNamedDescriptor(file)) only.alone = true;
  }

  async function expand(file: string, entity: Entity, document: Document): Promise<void> {
    const { files, faults } = targetsOf(entity, file, tree);
    report(file, document, faults);
    for (const target of files) await readFile(target, true);
  }

  /** Kinds first, whatever the order of the files: entities beside them are checked against them. */
  async function checkHeld(): Promise<void> {
    const documents = held.map(({ value }) => value);
    const kinds = known.with(documents.filter(isKind).flatMap((value) => known.compile(value, documents.filter(isKind)).kind ?? []));
    for (const wanted of [true, false]) {
      for (const { file, document, value } of held) {
        if (isKind(value) !== wanted) continue;
        await breathe();
        const added = check(file, document, value, kinds);
        if (added && newest !== undefined && held.filter((one) => one.file === file).length === 1 && isOnly(file)) markAlone(file, newest);
      }
    }
  }

  function isOnly(file: string): boolean {
    return [...byRef.values()].filter((candidate) => candidate.file === file).length === 1;
  }

  async function finish(): Promise<Omit<Snapshot, "fingerprint" | "durationMs">> {
    await checkHeld();
    const roots = new Map<string, DocRoot | undefined>();
    for (const candidate of byRef.values()) {
      const root = docsRootOf(candidate);
      if (root === undefined) continue;
      if (!roots.has(root)) roots.set(root, await readDocs(tree, root));
      if (roots.get(root)) candidate.docsRoot = root;
    }
    const docs = [...roots.values()].filter((root) => root !== undefined);
    return { ...counts, candidates: [...byRef.values()], problems, doubtful, doubtfulRefs, docs };
  }
}

const PARSERS: Readonly<Record<Format, (text: string) => Generator<Parsed>>> = { yaml: parseYaml, json: parseJson, ndjson: parseNdjson };

function isDescriptor(value: unknown): boolean {
  if (!isRecord(value) || typeof value.apiVersion !== "string") return false;
  return value.apiVersion.includes("backstage.io/") || value.apiVersion.startsWith("roadbed.dev/");
}

function isKind(value: unknown): boolean {
  return isRecord(value) && value.kind === "Kind";
}

function isOfOwnKind(value: unknown): boolean {
  return isRecord(value) && typeof value.kind === "string" && (value.kind === "Kind" || !Object.hasOwn(KINDS, value.kind));
}

/** The reference a wrong document would have had, if that much of it can be read. */
function refOf(value: unknown): string | undefined {
  if (!isRecord(value) || !isRecord(value.metadata)) return undefined;
  const { kind, metadata } = value;
  const { name, namespace = "default" } = metadata;
  if (typeof kind !== "string" || typeof name !== "string" || typeof namespace !== "string") return undefined;
  return formatRef({ kind, namespace, name }).slice(0, 200);
}

/** The folder that `dir:` names, or the descriptor's own. Undefined when the documentation is elsewhere or leaves the source. */
function docsRootOf({ file, techdocs, alone }: ReadCandidate): string | undefined {
  if (techdocs === undefined) return alone ? clean(posix.dirname(file)) : undefined;
  if (!techdocs.startsWith("dir:")) return undefined;
  const root = posix.normalize(posix.join(posix.dirname(file), techdocs.slice("dir:".length) || "."));
  return root.startsWith("..") || root.startsWith("/") ? undefined : clean(root);
}

function clean(path: string): string {
  return path === "." ? "" : path.replace(/\/$/, "");
}
