import { proposeFact } from "@roadbed/contracts/catalog/facts";
import { ConflictError, handle, InvalidError, type Ctx, type Handler, type OutputOf } from "@roadbed/core";

import type { CatalogDeps } from "../deps.ts";
import { formatPath } from "../entity/fault.ts";
import { validateEntity } from "../entity/validate-entity.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import type { Kinds } from "../kinds/registry.ts";
import { openTree, type TreeDeps } from "../source/open-tree.ts";
import { getSource, type SourceRow } from "../source/source-store.ts";
import type { Syncer } from "../source/syncer.ts";
import { decodeText } from "../source/tree.ts";
import { editDescriptor, patchOf } from "./edit-descriptor.ts";
import { requireEntity, requireProperty } from "./fact-access.ts";

const MAX_FILE_BYTES = 2 * 1024 * 1024;

/** Changes a fact where it is written down: a commit in a repository of our own, for all else a patch. */
export function makeProposeFact(
  catalogue: Catalogue,
  deps: TreeDeps & Pick<CatalogDeps, "repositories">,
  syncer: Pick<Syncer, "schedule">,
): Handler {
  return handle(proposeFact, createProposer(catalogue, deps, syncer));
}

/** The same for neighbours inside the catalogue, on the transaction of their own call. */
export function createProposer(
  catalogue: Catalogue,
  deps: TreeDeps & Pick<CatalogDeps, "repositories">,
  syncer: Pick<Syncer, "schedule">,
): (
  ctx: Ctx,
  o: {
    readonly ref: string;
    readonly property: string;
    readonly value?: unknown;
    readonly reason?: string | undefined;
    readonly branch?: string | undefined;
  },
) => Promise<OutputOf<typeof proposeFact>> {
  return async (given, { ref, property, value, reason, branch }) => {
    const ctx = reason === undefined ? given : { ...given, reason };
    const path = requireProperty(property);
    await requireEntity(catalogue, ctx, ref);
    const { source, location } = await whereIs(ctx, ref);
    const { file, text } = await readDescriptor(deps, ctx, source, location);
    const edited = editDescriptor(text, file, ref, path, value);
    if (!edited)
      throw new ConflictError(`${file} does not describe ${ref} any more.`, { mend: "Read its source again, then try once more." });
    checkDocument(edited.document, catalogue.kinds);
    const patch = patchOf(file, text, edited.text);
    if (patch === "") throw new ConflictError(`${file} says so already.`, { mend: "Read its source again." });
    const { repositories } = deps;
    if (source.kind !== "repository" || !repositories?.commitFiles) {
      const where = source.kind === "git" ? `a clone of ${source.target}` : source.target;
      return { file, patch, note: `The catalogue cannot write there. Apply this in ${where}: git apply, or patch -p1.` };
    }
    const read = source.branch ?? "main";
    const target = branch ?? read;
    const base = await repositories.head(source.target, target);
    if (base === undefined) {
      throw new ConflictError(`${source.target} has no branch ${target}.`, {
        mend: `Push it first, or leave branch out to change ${read}.`,
      });
    }
    const { hash } = await repositories.commitFiles(source.target, {
      branch: target,
      files: [{ path: file, content: edited.text }],
      message: `${messageOf(ref, property, value)}${ctx.reason === undefined ? "" : `\n\n${ctx.reason}`}\n`,
      author: authorOf(ctx),
      expectedParent: base,
    });
    if (target === read) syncer.schedule(source.id);
    const note = target === read ? "It is read again at once." : `It counts when ${target} is merged into ${read}.`;
    return { file, patch, commit: { repository: source.target, branch: target, hash }, note };
  };
}

async function whereIs({ sql }: Ctx, ref: string): Promise<{ source: SourceRow; location: string }> {
  const { rows } = await sql.query<{ source_id: string; location: string }>(
    "select source_id, location from catalog.entity where ref = $1",
    [ref],
  );
  const source = await getSource(sql, rows[0]!.source_id);
  if (["folder", "git", "repository"].includes(source.kind)) return { source, location: rows[0]!.location };
  throw new ConflictError(`${ref} is in no file: the source "${source.name}" says it.`, {
    mend: "Change it there, or lock the field here (catalog.fact.lock).",
  });
}

async function readDescriptor(
  deps: TreeDeps,
  { signal }: Ctx,
  source: SourceRow,
  location: string,
): Promise<{ readonly file: string; readonly text: string }> {
  const { tree } = await openTree(deps, source, { signal });
  const file = tree.files.find((path) => tree.locationOf(path) === location);
  const bytes = file === undefined ? undefined : await tree.read(file, MAX_FILE_BYTES);
  const text = bytes && decodeText(bytes);
  if (file !== undefined && text !== undefined) return { file, text };
  throw new ConflictError(`${location} is not there any more.`, { mend: "Read its source again, then try once more." });
}

function checkDocument(document: unknown, kinds: Kinds): void {
  const { faults } = validateEntity(document, kinds);
  if (faults.length === 0) return;
  const problems = faults.map(({ path, reason, mend }) => ({ at: formatPath(path), reason, ...(mend === undefined ? {} : { mend }) }));
  throw new InvalidError(problems.map(({ at, reason }) => `${at} ${reason}`).join("; "), { problems });
}

function messageOf(ref: string, property: string, value: unknown): string {
  if (value === undefined || value === null) return `Take ${property} of ${ref} away`;
  return `Set ${property} of ${ref} to ${typeof value === "string" ? value : JSON.stringify(value)}`.slice(0, 200);
}

function authorOf({ actor }: Ctx): { name: string; email: string } {
  const id = "id" in actor ? actor.id : "roadbed";
  return { name: "name" in actor ? actor.name : id, email: `${id.replaceAll(/[^\w.-]/g, "-")}@roadbed.local` };
}
