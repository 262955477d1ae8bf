import { DomainError } from "@roadbed/core";

import type { Connectors } from "../../connector/connectors.ts";
import type { CatalogDeps } from "../../deps.ts";
import { openTree } from "../../source/open-tree.ts";
import { getSource } from "../../source/source-store.ts";
import type { DiscoveryRow } from "./discovery-store.ts";
import { findClones } from "./find-clones.ts";
import { listClone, readClone, readSourceTree } from "./read-clone.ts";
import { readHosted } from "./read-hosted.ts";
import { forgetMissing, readFingerprints, readRoots, writeRepository } from "./repository-store.ts";
import type { Work } from "./work.ts";

/** Repositories that are read side by side: while one waits for the disk or for git, another is parsed. */
const SIDE_BY_SIDE = 3;

/** How the root of a source begins, among those that are folders. */
const SOURCE = "source:";

/** Reads what a discovery is about, and keeps what each repository says. Answers when to go on, where a host has to be waited for. */
export function createReader(
  deps: Omit<CatalogDeps, "connectors"> & { readonly connectors: Connectors },
): (row: DiscoveryRow, work: Work) => Promise<Date | undefined> {
  const { db } = deps;
  return async function readTarget(row, work) {
    if (row.kind === "folder") return readFolder(row, row.target, work);
    if (row.kind === "source") return readSource(row, row.target, work);
    let until: Date | undefined;
    for (const root of await readRoots(db)) {
      const reading = root.startsWith(SOURCE) ? readSource(row, root.slice(SOURCE.length), work) : readFolder(row, root, work);
      const wait = await reading.catch((error: unknown) => {
        // One folder that is gone is no reason not to read the others.
        if (!(error instanceof DomainError)) throw error;
        work.notes.push({ repository: root, file: "", reason: error.message });
        return undefined;
      });
      if (wait && (until === undefined || wait > until)) until = wait;
    }
    return until;
  };

  async function readFolder(row: DiscoveryRow, folder: string, { state, notes, signal }: Work): Promise<undefined> {
    const { root, paths, left } = await findClones(folder, deps.allowedFolders);
    if (left > 0)
      notes.push({ repository: folder, file: "", reason: `${left} repositories were left out: ${paths.length} of one folder are read` });
    state.total += paths.length;
    const known = await readFingerprints(db, root);
    const queue = [...paths];
    const next = async (): Promise<void> => {
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
        signal.throwIfAborted();
        state.current = path || folder;
        await readOne(row, root, path, known.get(path)?.fingerprint, { state, notes, signal });
        state.done++;
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, next));
    if (left === 0) await forgetMissing(db, root, paths);
  }

  async function readOne(
    row: DiscoveryRow,
    root: string,
    path: string,
    before: string | undefined,
    { state, notes, signal }: Work,
  ): Promise<void> {
    try {
      const tree = await listClone(root, path);
      if (tree.fingerprint === before) return void state.unchanged++;
      const read = await readClone({ root, path, tree, clones: deps.clones, signal }, new Date());
      await writeRepository(db, { ...read, root, path, discoveryId: row.id }, new Date());
      if (notes.length < 500) notes.push(...read.notes);
    } catch (error) {
      if (!(error instanceof DomainError) || signal.aborted) throw error;
      notes.push({ repository: path, file: "", reason: error.message });
    }
  }

  async function readSource(row: DiscoveryRow, id: string, work: Work): Promise<Date | undefined> {
    const source = await getSource(db, id);
    if (source.kind === "folder") return readFolder(row, source.target, work);
    if (source.kind === "connector") return readHosted(deps, source, { ...work, root: `${SOURCE}${id}`, discoveryId: row.id });
    const { state, notes, signal } = work;
    state.total++;
    state.current = source.name;
    const { tree } = await openTree(deps, source, { signal });
    const root = `${SOURCE}${id}`;
    const before = (await readFingerprints(db, root)).get("")?.fingerprint;
    if (before === tree.fingerprint) state.unchanged++;
    else {
      const read = await readSourceTree({ tree, target: source.target, signal });
      await writeRepository(db, { ...read, root, path: "", discoveryId: row.id }, new Date());
      notes.push(...read.notes);
    }
    state.done++;
    return undefined;
  }
}
