import { applyUpload, previewUpload } from "@roadbed/contracts/catalog/imports";
import { handle, InvalidError, type Ctx, type Handler, type ParsedInputOf, type Sql } from "@roadbed/core";

import { readClaims } from "../entity/entity-store.ts";
import type { Connectors } from "../connector/connectors.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { mayDefineKinds, withoutKinds } from "../source/allow-kinds.ts";
import { applySnapshot } from "../source/apply-snapshot.ts";
import { showProblems } from "../source/show-source.ts";
import type { Candidate } from "../source/snapshot.ts";
import { ensureSource, NO_COUNTS, viewSource } from "../source/source-store.ts";
import type { Syncer } from "../source/syncer.ts";
import { snapshotOfDrafts } from "./check-drafts.ts";
import { readUpload } from "./read-upload.ts";

export interface UploadDeps {
  readonly catalogue: Catalogue;
  readonly syncer: Syncer;
  readonly connectors: Pick<Connectors, "evaluate">;
}

/** Files that people bring: exports of other portals, tables, descriptors. */
export function makeUploadHandlers(deps: UploadDeps): readonly Handler[] {
  return [makePreviewUpload(deps), makeApplyUpload(deps)];
}

const SHOWN = 500;
const SAMPLES = 5;

function makePreviewUpload(deps: UploadDeps): Handler {
  return handle(previewUpload, async (ctx, input) => {
    const { counts: _, ...seen } = await previewFile(deps, ctx, input);
    return seen;
  });
}

/** What a file would bring; `counts` as a run would count it. */
export async function previewFile({ catalogue, connectors }: UploadDeps, ctx: Ctx, input: ParsedInputOf<typeof previewUpload>) {
  await catalogue.feed.fresh();
  const visible = await visibleTo(catalogue, ctx);
  const { format, drafts, skipped, notes, columns, mapping } = await readUpload({ ...input, evaluate: connectors.evaluate });
  const said = await snapshotOfDrafts(catalogue.kinds, { drafts, skipped, notes }, { file: "upload", text: input.text });
  const { candidates, problems, read, failed } = await withoutKinds(ctx.sql, { defines_kinds: mayDefineKinds(ctx) }, said);
  const shown = candidates.slice(0, SHOWN);
  const changes = await changesOf(ctx.sql, catalogue, visible, candidates);
  const count = (change: Change): number => changes.filter((one) => one === change).length;
  return {
    counts: {
      ...NO_COUNTS,
      read,
      registered: count("new"),
      changed: count("changed"),
      unchanged: count("same"),
      conflicts: count("taken"),
      failed,
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
    samples: candidates.slice(0, SAMPLES).map(({ entity }) => entity),
    problems: [...problems],
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
export async function applyFile(
  { catalogue, syncer, connectors }: UploadDeps,
  ctx: Ctx,
  { name, ...input }: ParsedInputOf<typeof applyUpload>,
) {
  await catalogue.feed.fresh();
  const visible = await visibleTo(catalogue, ctx);
  const { drafts, skipped, notes, mapping } = await readUpload({ ...input, evaluate: connectors.evaluate });
  const snapshot = await snapshotOfDrafts(catalogue.kinds, { drafts, skipped, notes }, { file: name, text: input.text });
  if (drafts.length + skipped.length === 0) {
    throw new InvalidError("The file describes nothing.", {
      problems: [{ at: "text", reason: "has nothing in it that describes an entity" }],
      mend: "Look whether it is the file you meant, and of the format you named; a table needs a line of names and at least one more.",
    });
  }
  const row = await ensureSource(
    ctx.sql,
    { kind: "upload", target: name, name, watch: false, definesKinds: mayDefineKinds(ctx) },
    ctx.now(),
  );
  // Whoever replaces a file has it before their eyes: no run of theirs waits for a decision.
  const applied = await applySnapshot(ctx, { ...row, threshold_percent: 100 }, snapshot, { cause: "asked", kinds: catalogue.kinds });
  if (applied.change !== undefined) catalogue.feed.expect(applied.change);
  // What was wrong elsewhere for want of a kind may be right now.
  if (applied.change !== undefined && snapshot.candidates.some(({ entity }) => entity.kind === "Kind")) await syncer.scheduleFaulty(ctx);
  if (applied.counts.removed > 0) await syncer.scheduleConflicted(ctx, row.id);
  return {
    source: await viewSource(ctx.sql, applied.source, false),
    counts: applied.counts,
    problems: showProblems(catalogue, visible, row.id, applied.problems),
    notes: [...notes],
    mapping,
  };
}
