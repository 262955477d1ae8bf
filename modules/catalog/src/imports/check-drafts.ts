import { hash } from "node:crypto";

import { formatRef, type Entity } from "@roadbed/contracts/catalog";

import { formatPath } from "../entity/fault.ts";
import { validateEntity } from "../entity/validate-entity.ts";
import type { Kinds } from "../kinds/registry.ts";
import { breathe } from "../source/breathe.ts";
import type { Candidate, Problem, Snapshot } from "../source/snapshot.ts";
import type { Draft, Drafts } from "./draft.ts";

/** All that a file says, checked as descriptors are checked: `file` is what it is called. */
export async function snapshotOfDrafts(
  kinds: Kinds,
  { drafts, skipped }: Drafts,
  o: { readonly file: string; readonly text: string },
): Promise<Snapshot> {
  const started = performance.now();
  const { candidates, problems, failed } = await check(kinds, drafts, o.file);
  return {
    fingerprint: hash("sha256", o.text, "base64url"),
    read: drafts.length + skipped.length,
    failed: skipped.length + failed.length,
    candidates,
    problems: [...skipped.map((one) => ({ file: o.file, ...one })), ...problems],
    doubtful: new Set(),
    // What it described before and describes wrongly now stays as it was.
    doubtfulRefs: new Set(failed.filter((ref) => ref !== undefined)),
    docs: [],
    durationMs: performance.now() - started,
  };
}

interface Checked {
  readonly candidates: readonly Candidate[];
  readonly problems: readonly Problem[];
  /** One for each draft that is wrong: its reference, where that much of it can be read. */
  readonly failed: readonly (string | undefined)[];
}

/** Checks drafts as descriptors are checked; of two with one name the first counts. */
async function check(kinds: Kinds, drafts: readonly Draft[], file: string): Promise<Checked> {
  const byRef = new Map<string, Candidate>();
  const problems: Problem[] = [];
  const failed: (string | undefined)[] = [];
  // Kinds beside their entities count, as in files.
  const given = drafts.flatMap(({ document }) => (document["kind"] === "Kind" ? [document] : []));
  const known = kinds.with(given.flatMap((document) => kinds.compile(document, given).kind ?? []));
  for (const { line, document } of drafts) {
    await breathe();
    const { entity, faults } = validateEntity(document, known);
    const ref = refOf(entity ?? document);
    const first = ref === undefined ? undefined : byRef.get(ref);
    for (const { path, reason, mend } of faults) {
      problems.push({
        file,
        line,
        at: formatPath(path),
        reason,
        ...(mend === undefined ? {} : { mend }),
        ...(ref === undefined ? {} : { ref }),
      });
    }
    if (entity && ref !== undefined && !first) byRef.set(ref, candidateOf(ref, entity, file, line));
    else failed.push(first ? undefined : ref);
    if (entity && first) {
      const reason = `${ref} is described twice: first in line ${first.line}`;
      problems.push({ file, line, at: "metadata.name", reason, mend: "Give one of them another name, or remove it.", ref: first.ref });
    }
  }
  return { candidates: [...byRef.values()], problems, failed };
}

function candidateOf(ref: string, entity: Entity, file: string, line: number): Candidate {
  const json = JSON.stringify(entity);
  return { ref, entity, json, hash: hash("sha256", json, "base64url"), file, location: `upload:${file}`, line, docsRoot: null };
}

function refOf(document: unknown): string | undefined {
  const { kind, metadata } = document as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } };
  const { name, namespace = "default" } = metadata ?? {};
  if (typeof kind !== "string" || typeof name !== "string" || typeof namespace !== "string") return undefined;
  return formatRef({ kind, namespace, name }).slice(0, 200);
}
