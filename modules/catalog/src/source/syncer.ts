import { syncSource } from "@roadbed/contracts/catalog";
import { DomainError, NotFoundError, TooManyError, type Ctx, type Logger } from "@roadbed/core";

import type { CatalogDeps } from "../deps.ts";
import type { Feed } from "../estate/feed.ts";
import { kindsIn } from "../kinds/kinds-in.ts";
import type { Kinds } from "../kinds/registry.ts";
import { applySnapshot, type Applied } from "./apply-snapshot.ts";
import { openTree, type OpenTree } from "./open-tree.ts";
import { readSnapshot } from "./read-snapshot.ts";
import { beginSync, endSync, getSource, NO_COUNTS, type SourceRow } from "./source-store.ts";
import { createFolderWatch } from "./watch-folders.ts";

export interface Synced extends Applied {
  readonly durationMs: number;
  /** References of the entities that the source describes, whether it may or another has them. */
  readonly refs: readonly string[];
}

/**
 * Reads sources and makes the catalogue follow them: when asked, when a watched folder changes, when a push is told, and Git
 * sources now and then. What is asked for runs in the asker's transaction; the rest one after the other as a job of the system.
 */
export interface Syncer {
  /** Reads a source and applies it, in the transaction of `ctx`. Throws when it cannot be read at all. */
  sync(ctx: Ctx, source: SourceRow, o?: { readonly address?: string | undefined }): Promise<Synced>;
  /** The same, but a source that cannot be read is an outcome, not an error: its state says so, its entities stay. */
  trySync(ctx: Ctx, source: SourceRow): Promise<Synced>;
  /** Soon, unless nothing has changed since it was read. */
  schedule(sourceId: string, o?: { readonly anew?: boolean }): void;
  /** Looks again at the sources in which something lost its name to another: the name may be free now. */
  scheduleConflicted(ctx: Ctx, except?: string): Promise<void>;
  /** Looks again at the sources in which something was wrong: a kind has changed, and it may be right now. */
  scheduleFaulty(ctx: Ctx): Promise<void>;
  forget(sourceId: string): void;
  isSyncing(sourceId: string): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Reading a large source takes memory and a connection. Repositories of our own are small and read at once. */
const MAX_AT_ONCE = 3;
/** After the start of a server there is more urgent work than to look what has changed meanwhile. */
const FIRST_LOOK_MS = 1_500;

export type SyncerDeps = Pick<
  CatalogDeps,
  "db" | "runtime" | "log" | "repositories" | "remotes" | "dataDir" | "allowedFolders" | "gitIntervalMs"
> & { readonly feed: Feed; readonly kinds: Kinds };

export function createSyncer(deps: SyncerDeps): Syncer {
  const { db, runtime, log, feed } = deps;
  const active = new Map<string, number>();
  /** Addresses with credentials: never stored, so gone after a restart. */
  const addresses = new Map<string, string>();
  const folders = createFolderWatch({ log, onChange: (sourceId) => schedule(sourceId) });
  const jobs = createJobs(log);
  let first: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;

  return {
    sync,
    trySync: async (ctx, source) => {
      try {
        return await sync(ctx, source);
      } catch (error) {
        return failed(ctx, source, error);
      }
    },
    schedule,
    scheduleConflicted,
    scheduleFaulty,
    forget: (sourceId) => {
      folders.set(sourceId, []);
      addresses.delete(sourceId);
    },
    isSyncing: (sourceId) => active.has(sourceId),
    start: async () => {
      const { rows } = await db.query<{ id: string; kind: string; watch: boolean }>("select id, kind, watch from catalog.source");
      const wanted = rows.filter(({ kind, watch }) => watch && kind !== "inline");
      first = setTimeout(() => wanted.forEach(({ id }) => schedule(id)), FIRST_LOOK_MS);
      const { gitIntervalMs = 5 * 60_000 } = deps;
      if (gitIntervalMs > 0) timer = setInterval(() => void lookAtRemotes(), gitIntervalMs).unref();
    },
    stop: async () => {
      clearTimeout(first);
      clearInterval(timer);
      folders.close();
      await jobs.stop();
    },
  };

  async function sync(ctx: Ctx, source: SourceRow, o: { readonly address?: string | undefined } = {}): Promise<Synced> {
    if (source.kind !== "repository" && active.size >= MAX_AT_ONCE)
      throw new TooManyError("Several sources are being read at this moment.", 5);
    return tracked(source.id, async () => {
      const started = performance.now();
      if (o.address !== undefined && o.address !== source.target) addresses.set(source.id, o.address);
      const opened = await open(source, ctx.signal);
      return apply(ctx, source, opened, started);
    });
  }

  async function open(source: SourceRow, signal: AbortSignal): Promise<OpenTree> {
    const address = addresses.get(source.id);
    const opened = await openTree(deps, source, { signal, ...(address === undefined ? {} : { address }) });
    folders.set(source.id, source.watch ? opened.folders : []);
    return opened;
  }

  async function apply(ctx: Ctx, source: SourceRow, { tree, only }: OpenTree, started: number): Promise<Synced> {
    const kinds = await kindsIn(ctx.sql, deps.kinds);
    const snapshot = await readSnapshot(tree, { kinds, ...(only === undefined ? {} : { only }) });
    const applied = await applySnapshot(ctx, source, snapshot, deps.kinds);
    if (applied.change !== undefined) {
      feed.expect(applied.change);
      await followKinds(ctx, source, applied.change);
    }
    if (applied.counts.removed > 0) await scheduleConflicted(ctx, source.id);
    return { ...applied, durationMs: performance.now() - started, refs: snapshot.candidates.map(({ ref }) => ref) };
  }

  async function scheduleFaulty({ sql }: Ctx): Promise<void> {
    const { rows } = await sql.query<{ id: string }>("select id from catalog.source where problems > 0 and kind <> 'inline'");
    for (const { id } of rows) schedule(id, { anew: true });
  }

  /** Kinds of a source count for everything that was read, also for what was read just now beside them. */
  async function followKinds(ctx: Ctx, source: SourceRow, change: number): Promise<void> {
    const { rowCount } = await ctx.sql.query(
      `select 1 from catalog.entity where change = $1 and ref like 'kind:%' and source_id = $2
       union all select 1 from catalog.removed_entity where change = $1 and ref like 'kind:%' limit 1`,
      [change, source.id],
    );
    if (rowCount === 0) return;
    await scheduleFaulty(ctx);
    schedule(source.id, { anew: true });
  }

  async function scheduleConflicted(ctx: Ctx, except = ""): Promise<void> {
    const { rows } = await ctx.sql.query<{ id: string }>(
      "select id from catalog.source where (counts->>'conflicts')::int > 0 and id <> $1",
      [except],
    );
    for (const { id } of rows) schedule(id, { anew: true });
  }

  async function failed(ctx: Ctx, source: SourceRow, error: unknown): Promise<Synced> {
    if (!(error instanceof DomainError) || error instanceof TooManyError) throw error;
    const reason = [error.message, error.mend].filter(Boolean).join(" ");
    const at = ctx.now();
    const outcome = { at, durationMs: 0, counts: NO_COUNTS, problems: [], fingerprint: null, error: reason };
    const row = await endSync(ctx.sql, source.id, await beginSync(ctx.sql, source.id, at), outcome);
    return { source: row, counts: NO_COUNTS, problems: [], change: undefined, durationMs: 0, refs: [] };
  }

  function schedule(sourceId: string, { anew = false }: { readonly anew?: boolean } = {}): void {
    jobs.add(sourceId, () => tracked(sourceId, () => syncInBackground(sourceId, anew)));
  }

  async function syncInBackground(sourceId: string, anew: boolean): Promise<void> {
    const call = runtime.system("catalog.sync");
    const source = await getSource(db, sourceId).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
      folders.set(sourceId, []);
      return undefined;
    });
    if (!source || source.kind === "inline") return;
    const started = performance.now();
    const opened = await open(source, call.signal).catch((error: unknown) =>
      error instanceof DomainError ? error : Promise.reject(error),
    );
    const isSame = !(opened instanceof DomainError) && opened.tree.fingerprint === source.fingerprint && source.state !== "failed";
    if (isSame && !anew) return;
    // Said once, not at every look.
    if (opened instanceof DomainError && source.state === "failed") return;
    await runtime.write(call, syncSource, { id: sourceId }, undefined, async (ctx) => {
      await (opened instanceof DomainError ? failed(ctx, source, opened) : apply(ctx, source, opened, started));
    });
  }

  async function lookAtRemotes(): Promise<void> {
    const found = await db.query<{ id: string }>("select id from catalog.source where kind = 'git' and watch").catch(() => undefined);
    for (const { id } of found?.rows ?? []) schedule(id);
  }

  async function tracked<T>(sourceId: string, work: () => Promise<T>): Promise<T> {
    active.set(sourceId, (active.get(sourceId) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = active.get(sourceId)! - 1;
      if (left === 0) active.delete(sourceId);
      else active.set(sourceId, left);
    }
  }
}

/** Runs jobs one after the other; a job that waits already is not added again. */
function createJobs(log: Logger): { add(key: string, run: () => Promise<void>): void; stop(): Promise<void> } {
  const waiting = new Map<string, () => Promise<void>>();
  let running: Promise<void> | undefined;
  let stopped = false;
  return {
    add: (key, run) => {
      if (stopped) return;
      waiting.set(key, run);
      running ??= drain().finally(() => (running = undefined));
    },
    stop: async () => {
      stopped = true;
      waiting.clear();
      await running;
    },
  };

  async function drain(): Promise<void> {
    // Whoever asked may still be about to commit what the job is to see.
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const [key, run] of waiting) {
      waiting.delete(key);
      await run().catch((error: unknown) => log.warn("a source could not be read", { source: key, error: String(error) }));
    }
  }
}
