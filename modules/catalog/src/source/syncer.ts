import { syncSource } from "@roadbed/contracts/catalog";
import { sourceFailed } from "@roadbed/contracts/catalog/connections";
import { DomainError, NotFoundError, TooManyError, type Ctx, type Sql } from "@roadbed/core";

import type { Gleaned } from "../connector/read-connector.ts";
import type { CatalogDeps } from "../deps.ts";
import type { Feed } from "../estate/feed.ts";
import { applySnapshot, type Applied, type ApplyOptions } from "./apply-snapshot.ts";
import { createJobs } from "./jobs.ts";
import type { OpenTree } from "./open-tree.ts";
import { openSource, readConnected, readFiles, type ReadDeps } from "./read-source.ts";
import { keepSamples } from "./sample-store.ts";
import { claimDue, settleTurn } from "./schedule.ts";
import type { Snapshot } from "./snapshot.ts";
import { lockSource, withSourceLock } from "./source-lock.ts";
import { getSource, NO_COUNTS, type SourceRow } from "./source-store.ts";
import { beginSync, endSync, type SyncCause } from "./sync-store.ts";
import { createFolderWatch } from "./watch-folders.ts";

export interface Synced extends Applied {
  readonly durationMs: number;
  /** References of the entities that the source describes, whether it may or another has them. */
  readonly refs: readonly string[];
}

export interface SyncOptions extends Partial<Omit<ApplyOptions, "kinds">> {
  /** As if nothing were remembered of the last reading. */
  readonly fresh?: boolean;
}

export interface ScheduleOptions {
  /** Also when nothing has changed since it was read. */
  readonly anew?: boolean;
  readonly cause?: SyncCause;
}

/**
 * Reads sources and makes the catalogue follow them: when asked, when a watched folder changes, when a push or another message is
 * told, and at their hour. What is asked for runs in the asker's transaction; the rest as a job of the system. A source is read by one
 * process at a time; the others wait.
 */
export interface Syncer {
  /** Reads a source and applies it, in the transaction of `ctx`. Throws when it cannot be read at all. */
  sync(ctx: Ctx, source: SourceRow, o?: SyncOptions): Promise<Synced>;
  /** The same, but a source that cannot be read is an outcome, not an error: its state says so, its entities stay. */
  trySync(ctx: Ctx, source: SourceRow, o?: SyncOptions): Promise<Synced>;
  /** Soon, unless nothing has changed since it was read. */
  schedule(sourceId: string, o?: ScheduleOptions): void;
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
const TICK_MS = 5_000;

export type SyncerDeps = Pick<CatalogDeps, "db" | "runtime" | "log" | "gitIntervalMs" | "tickMs"> & ReadDeps & { readonly feed: Feed };

export function createSyncer(deps: SyncerDeps): Syncer {
  const { db, runtime, log, feed } = deps;
  const active = new Map<string, number>();
  const folders = createFolderWatch({ log, onChange: (sourceId) => schedule(sourceId, { cause: "watch" }) });
  const jobs = createJobs(log, MAX_AT_ONCE);
  const timers: NodeJS.Timeout[] = [];

  return {
    sync,
    trySync: async (ctx, source, o) => {
      const gleaned: Gleaned = { samples: [] };
      try {
        return await sync(ctx, source, o, gleaned);
      } catch (error) {
        return failed(ctx, source, error, o?.cause ?? "asked", gleaned);
      }
    },
    schedule,
    scheduleConflicted,
    scheduleFaulty,
    forget: (sourceId) => folders.set(sourceId, []),
    isSyncing: (sourceId) => active.has(sourceId),
    start: async () => {
      const { rows } = await db.query<{ id: string }>(
        "select id from catalog.source where watch and kind not in ('inline', 'upload', 'connector') and paused_at is null",
      );
      timers.push(setTimeout(() => rows.forEach(({ id }) => schedule(id, { cause: "watch" })), FIRST_LOOK_MS));
      const { gitIntervalMs = 5 * 60_000, tickMs = TICK_MS } = deps;
      if (gitIntervalMs > 0) timers.push(setInterval(() => void lookAtRemotes(), gitIntervalMs).unref());
      if (tickMs > 0) timers.push(setInterval(() => void runDue(), tickMs).unref());
    },
    stop: async () => {
      timers.forEach(clearTimeout);
      folders.close();
      await jobs.stop();
    },
  };

  async function sync(ctx: Ctx, given: SourceRow, o: SyncOptions = {}, gleaned: Gleaned = { samples: [] }): Promise<Synced> {
    if (given.kind !== "repository" && active.size >= MAX_AT_ONCE)
      throw new TooManyError("Several sources are being read at this moment.", 5);
    return tracked(given.id, async () => {
      const started = performance.now();
      await lockSource(ctx.sql, given.id);
      // Whoever had the lock may have changed it.
      const source = await getSource(ctx.sql, given.id);
      const snapshot = await read(ctx.sql, source, { signal: ctx.signal, now: ctx.now, fresh: o.fresh === true, gleaned });
      return apply(ctx, source, snapshot, { cause: "asked", kinds: deps.kinds, ...o }, started);
    });
  }

  async function read(
    sql: Sql,
    source: SourceRow,
    o: { readonly signal: AbortSignal; readonly now: () => Date; readonly fresh: boolean; readonly gleaned: Gleaned },
  ): Promise<Snapshot> {
    if (source.kind === "connector") return readConnected(deps, sql, source, o);
    return readFiles(deps, sql, await open(source, o.signal));
  }

  async function open(source: SourceRow, signal: AbortSignal): Promise<OpenTree> {
    const opened = await openSource(deps, source, signal);
    folders.set(source.id, source.watch && source.paused_at === null ? opened.folders : []);
    return opened;
  }

  async function apply(ctx: Ctx, source: SourceRow, snapshot: Snapshot, o: ApplyOptions, started: number): Promise<Synced> {
    const handover = feed.handover();
    const applied = await applySnapshot(ctx, source, snapshot, { ...o, handover });
    if (applied.change !== undefined) {
      feed.expect(applied.change, handover);
      await followKinds(ctx, source, applied.change);
    }
    if (applied.held === undefined && applied.counts.removed > 0) await scheduleConflicted(ctx, source.id);
    await keep(ctx, source, snapshot.samples ?? []);
    return { ...applied, durationMs: performance.now() - started, refs: snapshot.candidates.map(({ ref }) => ref) };
  }

  async function keep(ctx: Ctx, source: SourceRow, bodies: readonly unknown[]): Promise<void> {
    if (bodies.length === 0) return;
    const secrets = Object.values(await deps.secrets.read(source)).filter((value) => typeof value === "string");
    await keepSamples(ctx.sql, source.id, { origin: "page", bodies, secrets, at: ctx.now() });
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
      "select id from catalog.source where (counts->>'conflicts')::int > 0 and id <> $1 and paused_at is null",
      [except],
    );
    for (const { id } of rows) schedule(id, { anew: true, cause: "watch" });
  }

  /** Notes that a source could not be read; what it described stays. Its samples are kept: they show why. */
  async function failed(ctx: Ctx, source: SourceRow, error: unknown, cause: SyncCause, gleaned: Gleaned): Promise<Synced> {
    if (!(error instanceof DomainError) || error instanceof TooManyError) throw error;
    const reason = [error.message, error.mend].filter(Boolean).join(" ");
    const at = ctx.now();
    const { budget } = gleaned;
    const outcome = { at, durationMs: 0, counts: NO_COUNTS, problems: [], fingerprint: null, error: reason, ...(budget ? { budget } : {}) };
    const syncId = await beginSync(ctx.sql, source.id, at, { cause, actor: ctx.actor });
    const row = await endSync(ctx.sql, source.id, syncId, outcome);
    await keep(ctx, source, gleaned.samples);
    if (source.state !== "failed") ctx.emit(sourceFailed, source.id, { sourceId: source.id, name: source.name, reason });
    return { source: row, counts: NO_COUNTS, problems: [], change: undefined, durationMs: 0, refs: [] };
  }

  function schedule(sourceId: string, { anew = false, cause = "schedule" }: ScheduleOptions = {}): void {
    jobs.add(sourceId, () => tracked(sourceId, () => withSourceLock(db, sourceId, () => syncInBackground(sourceId, anew, cause))));
  }

  async function syncInBackground(sourceId: string, anew: boolean, cause: SyncCause): Promise<void> {
    const call = runtime.system("catalog.sync");
    const source = await getSource(db, sourceId).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
      return undefined;
    });
    if (!source || source.kind === "inline" || source.kind === "upload" || source.paused_at !== null) return folders.set(sourceId, []);
    const started = performance.now();
    const gleaned: Gleaned = { samples: [] };
    const found = await look(source, { signal: call.signal, anew, gleaned }).catch((error: unknown) =>
      error instanceof DomainError ? error : Promise.reject(error),
    );
    // That files cannot be read is said once, not at every look.
    const isKnown = found instanceof DomainError && source.state === "failed" && source.kind !== "connector";
    if (found === undefined || isKnown) return settleTurn(db, sourceId, new Date());
    await runtime.write(call, syncSource, { id: sourceId }, undefined, async (ctx) => {
      if (found instanceof DomainError) await failed(ctx, source, found, cause, gleaned);
      else await apply(ctx, source, found, { cause, kinds: deps.kinds }, started);
    });
  }

  /** Reads it; undefined when a look shows that there is nothing new. */
  async function look(
    source: SourceRow,
    o: { readonly signal: AbortSignal; readonly anew: boolean; readonly gleaned: Gleaned },
  ): Promise<Snapshot | undefined> {
    if (source.kind === "connector") return readConnected(deps, db, source, { ...o, now: () => new Date() });
    const opened = await open(source, o.signal);
    const isSame = opened.tree.fingerprint === source.fingerprint && source.state !== "failed";
    return isSame && !o.anew ? undefined : readFiles(deps, db, opened);
  }

  async function lookAtRemotes(): Promise<void> {
    const found = await db
      .query<{ id: string }>("select id from catalog.source where kind = 'git' and watch and every_minutes is null and paused_at is null")
      .catch(() => undefined);
    for (const { id } of found?.rows ?? []) schedule(id);
  }

  async function runDue(): Promise<void> {
    const due = await claimDue(db, new Date()).catch((error: unknown) => {
      log.warn("the schedule of sources could not be read", { error: String(error) });
      return [];
    });
    for (const id of due) schedule(id, { anew: false });
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
