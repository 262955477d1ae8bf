import { randomUUID } from "node:crypto";

import { discoveryFinished, proposalsChanged, proposeIdentities, runDiscovery } from "@roadbed/contracts/catalog/proposals";
import { DomainError } from "@roadbed/core";

import type { CatalogDeps } from "../../deps.ts";
import type { Stating } from "../../entity/relations.ts";
import { openTree } from "../../source/open-tree.ts";
import { getSource } from "../../source/source-store.ts";
import { claimDiscovery, finishDiscovery, keepDiscovery, type DiscoveryRow } from "./discovery-store.ts";
import { findClones } from "./find-clones.ts";
import { listClone, readClone, readSourceTree } from "./read-clone.ts";
import { recombine } from "./recombine.ts";
import { forgetMissing, readFingerprints, readRoots, writeRepository, type Note } from "./repository-store.ts";

/** Repositories that are read side by side: while one waits for the disk or for git, another is parsed. */
const SIDE_BY_SIDE = 3;
const TELL_MS = 500;
const LOOK_MS = 5_000;
/** Whoever asked may still be about to commit what is to be looked at. */
const PAUSE_MS = 50;

/**
 * Reads repositories in the background, one discovery at a time in each process. What it has read is kept at once, repository by
 * repository, and a lease in the database says who works: when a process dies, another goes on where it ended, and the proposals are
 * made in one transaction at the end, so that nothing is there twice.
 */
export interface Discoverer {
  /** Looks for something to do, soon. */
  wake(): void;
  /** Makes the proposals anew, soon: people or teams became known. */
  recombineSoon(): void;
  start(): void;
  stop(): Promise<void>;
}

export function createDiscoverer(deps: CatalogDeps, kinds: Stating): Discoverer {
  const { db, runtime, log } = deps;
  const me = randomUUID();
  let stopped = false;
  let working: Promise<void> | undefined;
  let again = false;
  let combining: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const pauses = new Set<NodeJS.Timeout>();
  const ended = new AbortController();

  return {
    wake: () => later(wake),
    recombineSoon: () => later(() => void (combining ??= recombineNow().finally(() => (combining = undefined)))),
    start: () => {
      timer = setInterval(wake, LOOK_MS).unref();
      later(wake);
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      for (const pause of pauses) clearTimeout(pause);
      ended.abort();
      await Promise.all([working, combining]);
    },
  };

  function later(run: () => void): void {
    if (stopped) return;
    const pause = setTimeout(() => {
      pauses.delete(pause);
      if (!stopped) run();
    }, PAUSE_MS).unref();
    pauses.add(pause);
  }

  function wake(): void {
    if (stopped) return;
    again = true;
    working ??= drain().finally(() => (working = undefined));
  }

  async function drain(): Promise<void> {
    while (again && !stopped) {
      again = false;
      for (;;) {
        const row = await claimDiscovery(db, me).catch((error: unknown) => {
          log.warn("no discovery could be looked for", { error: String(error) });
          return undefined;
        });
        if (!row || stopped) break;
        await work(row);
      }
    }
  }

  async function work(row: DiscoveryRow): Promise<void> {
    const state = { total: 0, done: 0, unchanged: 0, current: undefined as string | undefined };
    const notes: Note[] = [];
    const lost = new AbortController();
    const signal = AbortSignal.any([ended.signal, lost.signal]);
    const beat = setInterval(() => {
      keepDiscovery(db, row.id, me, state).then(
        (mine) => mine || lost.abort(),
        () => undefined,
      );
    }, TELL_MS);
    try {
      await readTarget(row, { state, notes, signal });
      signal.throwIfAborted();
      await runtime.write(runtime.system("catalog.discovery"), runDiscovery, { target: row.target }, undefined, async (ctx) => {
        const proposals = await recombine(ctx.sql, kinds, ctx.now());
        if (!(await finishDiscovery(ctx.sql, row.id, me, { ...state, notes, proposals })))
          throw new Error("another process has this discovery now");
        ctx.emit(discoveryFinished, row.id, { discoveryId: row.id, status: "succeeded", repositories: state.done, added: proposals.added });
      });
    } catch (error) {
      // Ended or taken over: whoever has the lease next goes on.
      if (signal.aborted) return;
      await fail(row, error, { ...state, notes });
    } finally {
      clearInterval(beat);
    }
  }

  async function fail(
    row: DiscoveryRow,
    error: unknown,
    o: { total: number; done: number; unchanged: number; notes: readonly Note[] },
  ): Promise<void> {
    const said =
      error instanceof DomainError
        ? [error.message, error.mend].filter(Boolean).join(" ")
        : "It could not be read to the end; the server's log says why.";
    if (!(error instanceof DomainError)) log.error("a discovery failed", { discovery: row.id, error: String(error) });
    await runtime
      .write(runtime.system("catalog.discovery"), runDiscovery, { target: row.target }, undefined, async (ctx) => {
        if (!(await finishDiscovery(ctx.sql, row.id, me, { ...o, error: said }))) return;
        ctx.emit(discoveryFinished, row.id, { discoveryId: row.id, status: "failed", repositories: o.done, added: 0 });
      })
      .catch((second: unknown) => log.warn("a discovery's end could not be written", { discovery: row.id, error: String(second) }));
  }

  async function readTarget(row: DiscoveryRow, work: Work): Promise<void> {
    if (row.kind === "folder") return readFolder(row, row.target, work);
    if (row.kind === "source") return readSource(row, row.target, work);
    for (const root of await readRoots(db)) {
      await (root.startsWith(SOURCE) ? readSource(row, root.slice(SOURCE.length), work) : readFolder(row, root, work)).catch(
        (error: unknown) => {
          // One folder that is gone is no reason not to read the others.
          if (!(error instanceof DomainError)) throw error;
          work.notes.push({ repository: root, file: "", reason: error.message });
        },
      );
    }
  }

  async function readFolder(row: DiscoveryRow, folder: string, { state, notes, signal }: Work): Promise<void> {
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

  async function readSource(row: DiscoveryRow, id: string, work: Work): Promise<void> {
    const source = await getSource(db, id);
    if (source.kind === "folder") return readFolder(row, source.target, work);
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
  }

  async function recombineNow(): Promise<void> {
    await runtime
      .write(runtime.system("catalog.discovery"), proposeIdentities, {}, undefined, async (ctx) => {
        const { added, changed, withdrawn, reopened } = await recombine(ctx.sql, kinds, ctx.now());
        const count = added + changed + withdrawn + reopened;
        if (count > 0) ctx.emit(proposalsChanged, "proposals", { count });
      })
      .catch((error: unknown) => log.warn("proposals could not be made anew", { error: String(error) }));
  }
}

/** How the root of a source begins, among those that are folders. */
const SOURCE = "source:";

interface Work {
  readonly state: { total: number; done: number; unchanged: number; current: string | undefined };
  readonly notes: Note[];
  readonly signal: AbortSignal;
}
