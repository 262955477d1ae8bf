import { hash } from "node:crypto";

import { formatRef, type Entity } from "@roadbed/contracts/catalog";
import { applyUpload, previewUpload } from "@roadbed/contracts/catalog/imports";
import { handle, type Ctx, type Handler, type ParsedInputOf, type Sql } from "@roadbed/core";

import { readClaims } from "../entity/entity-store.ts";
import { formatPath } from "../entity/fault.ts";
import { validateEntity } from "../entity/validate-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import type { Kinds } from "../kinds/registry.ts";
import { applySnapshot } from "../source/apply-snapshot.ts";
import { breathe } from "../source/breathe.ts";
import { showProblems } from "../source/show-source.ts";
import type { Candidate, Problem, Snapshot } from "../source/snapshot.ts";
import { ensureSource, NO_COUNTS, viewSource } from "../source/source-store.ts";
import type { Syncer } from "../source/syncer.ts";
import type { Draft } from "./draft.ts";
import { readUpload } from "./read-upload.ts";

export interface UploadDeps {
  readonly catalogue: Catalogue;
  readonly syncer: Syncer;
}

/** Files that people bring: exports of other portals, tables, descriptors. */
export function makeUploadHandlers(deps: UploadDeps): readonly Handler[] {
  return [makePreviewUpload(deps), makeApplyUpload(deps)];
}

const SHOWN = 500;

function makePreviewUpload(deps: UploadDeps): Handler {
  return handle(previewUpload, async (ctx, input) => {
    const { counts: _, ...seen } = await previewFile(deps, ctx, input);
    return seen;
  });
}

/** What a file would bring; `counts` as a run would count it. */
export async function previewFile({ catalogue }: UploadDeps, ctx: Ctx, input: ParsedInputOf<typeof previewUpload>) {
  await catalogue.feed.fresh();
  const visible = await visibleTo(catalogue, ctx);
  const { format, drafts, skipped, notes, columns, mapping } = readUpload(input);
  const { candidates, problems, failed } = await check(catalogue.kinds, drafts, "upload");
  const shown = candidates.slice(0, SHOWN);
  const changes = await changesOf(ctx.sql, catalogue, visible, candidates);
  const count = (change: Change): number => changes.filter((one) => one === change).length;
  return {
    counts: {
      ...NO_COUNTS,
      read: drafts.length + skipped.length,
      registered: count("new"),
      changed: count("changed"),
      unchanged: count("same"),
      conflicts: count("taken"),
      failed: skipped.length + failed.length,
    },
    format,
    entities: shown.map(({ ref, line, entity }, at) => ({
      line: line ?? 1,
      ref,
      kind: entity.kind,
      title: entity.metadata.title ?? entity.metadata.name,
      ...(typeof entity.spec?.owner === "string" ? { owner: entity.spec.owner } : {}),
      change: changes[at]!,
    })),
    total: candidates.length,
    problems: [...skipped.map((one) => ({ file: "upload", ...one })), ...problems],
    notes: [...notes],
    columns: [...columns],
    mapping,
  };
}

type Change = "new" | "changed" | "same" | "taken";

/** What each would do to the catalogue. */
async function changesOf(sql: Sql, { estate }: Catalogue, visible: Visibility, candidates: readonly Candidate[]): Promise<Change[]> {
  const claims = await readClaims(
    sql,
    "",
    candidates.map(({ ref }) => ref),
  );
  const byRef = new Map(claims.map((claim) => [claim.ref, claim]));
  return candidates.map(({ ref, hash: digest }) => {
    const [claim, item] = [byRef.get(ref), estate.get(ref)];
    if (!claim) return "new";
    // That a name is taken must be said; by whom is not.
    if ((item && !visible.sees(item.id)) || (claim.source_kind !== "upload" && claim.source_kind !== "inline")) return "taken";
    return claim.hash === digest ? "same" : "changed";
  });
}

function makeApplyUpload(deps: UploadDeps): Handler {
  return handle(applyUpload, async (ctx, input) => {
    const { mapping: _, ...applied } = await applyFile(deps, ctx, input);
    return applied;
  });
}

/** Brings a file in as a source of its name. */
export async function applyFile({ catalogue, syncer }: UploadDeps, ctx: Ctx, { name, ...input }: ParsedInputOf<typeof applyUpload>) {
  await catalogue.feed.fresh();
  const visible = await visibleTo(catalogue, ctx);
  const started = performance.now();
  const { drafts, skipped, notes, mapping } = readUpload(input);
  const { candidates, problems, failed } = await check(catalogue.kinds, drafts, name);
  const row = await ensureSource(ctx.sql, { kind: "upload", target: name, name, watch: false }, ctx.now());
  const snapshot: Snapshot = {
    fingerprint: hash("sha256", input.text, "base64url"),
    read: drafts.length + skipped.length,
    failed: skipped.length + failed.length,
    candidates,
    problems: [...skipped.map((one) => ({ file: name, ...one })), ...problems],
    doubtful: new Set(),
    // What it described before and describes wrongly now stays as it was.
    doubtfulRefs: new Set(failed.filter((ref) => ref !== undefined)),
    docs: [],
    durationMs: performance.now() - started,
  };
  // Whoever replaces a file has it before their eyes: no run of theirs waits for a decision.
  const applied = await applySnapshot(ctx, { ...row, threshold_percent: 100 }, snapshot, { cause: "asked", kinds: catalogue.kinds });
  if (applied.change !== undefined) catalogue.feed.expect(applied.change);
  if (applied.counts.removed > 0) await syncer.scheduleConflicted(ctx, row.id);
  return {
    source: await viewSource(ctx.sql, applied.source, false),
    counts: applied.counts,
    problems: showProblems(catalogue, visible, row.id, applied.problems),
    notes: [...notes],
    mapping,
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
  for (const { line, document } of drafts) {
    await breathe();
    const { entity, faults } = validateEntity(document, kinds);
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
