import { randomUUID } from "node:crypto";

import { discoveryFinished, proposalsChanged, proposeIdentities, runDiscovery } from "@roadbed/contracts/catalog/proposals";
import { DomainError } from "@roadbed/core";

import type { Connectors } from "../../connector/connectors.ts";
import type { CatalogDeps } from "../../deps.ts";
import type { Stating } from "../../entity/relations.ts";
import { claimDiscovery, finishDiscovery, keepDiscovery, postponeDiscovery, type DiscoveryRow } from "./discovery-store.ts";
import { createReader } from "./read-target.ts";
import { recombine } from "./recombine.ts";
import type { Note } from "./repository-store.ts";

const TELL_MS = 500;
const LOOK_MS = 5_000;
/** Whoever asked may still be about to commit what is to be looked at. */
const PAUSE_MS = 50;
/** And may be kept from it by another act for longer. */
const SECOND_LOOK_MS = 1_500;

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

export function createDiscoverer(deps: Omit<CatalogDeps, "connectors"> & { readonly connectors: Connectors }, kinds: Stating): Discoverer {
  const { db, runtime, log } = deps;
  const readTarget = createReader(deps);
  const me = randomUUID();
  let stopped = false;
  let working: Promise<void> | undefined;
  let again = false;
  let combining: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const pauses = new Set<NodeJS.Timeout>();
  const ended = new AbortController();

  return {
    wake: () => {
      later(wake);
      later(wake, SECOND_LOOK_MS);
    },
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

  function later(run: () => void, ms = PAUSE_MS): void {
    if (stopped) return;
    const pause = setTimeout(() => {
      pauses.delete(pause);
      if (!stopped) run();
    }, ms).unref();
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
      const until = await readTarget(row, { state, notes, signal });
      signal.throwIfAborted();
      await runtime.write(runtime.system("catalog.discovery"), runDiscovery, { target: row.target }, undefined, async (ctx) => {
        const proposals = await recombine(ctx.sql, kinds, ctx.now());
        if (until) {
          if (!(await postponeDiscovery(ctx.sql, row.id, me, { ...state, notes, proposals, until })))
            throw new Error("another process has this discovery now");
          return ctx.emit(proposalsChanged, "proposals", { count: proposals.added + proposals.changed });
        }
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
