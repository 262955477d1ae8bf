import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "@roadbed/core";
import pg from "pg";

import { chooseAccount, handOver, letPass } from "./account.ts";
import { resolveBinaries } from "./binaries.ts";
import { initialiseCluster } from "./initialise-cluster.ts";
import { layOut, urlOf, type Layout } from "./layout.ts";
import { answers, launch, livePostmaster, removeStaleLock, shutDown, waitUntilReady } from "./postmaster.ts";
import { isAlive, startTimeOf } from "./process-identity.ts";
import { withStartLock } from "./start-lock.ts";

export interface EmbeddedPostgres {
  /** Of the database `roadbed`, over a unix socket. */
  readonly url: string;
  /** True when a living server was found and taken over instead of started. */
  readonly adopted: boolean;
  /** The postmaster's process id now; another one after a restart. */
  readonly pid: number;
  readonly dataDir: string;
  /** Stops supervising, and the server too if we own it and nobody else is connected. */
  stop(): Promise<void>;
  /** Called each time the server was lost; it is being restarted then. */
  onLost(listener: () => void): void;
}

export interface StartOptions {
  readonly dataDir: string;
  readonly log: Logger;
  /** Overrides single server settings (`postgresql.conf` names). */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Brings up the embedded server on a data folder, or adopts the one that already runs there, and keeps it up.
 *
 * The server outlives the process that started it: a killed Roadbed loses nothing and its successor adopts. Several
 * processes may supervise one folder; a lock file makes them decide one after the other. One of them is the owner
 * (`owner.json`); the owner stops the server when it leaves last, and a dead owner's place is taken by whoever comes.
 */
export async function startPostgres(o: StartOptions): Promise<EmbeddedPostgres> {
  const layout = layOut(o.dataDir);
  let state = await bringUp(layout, o);
  await ensureDatabase(layout);

  const lost = new Set<() => void>();
  let stopped = false;
  let keeper: pg.Client | undefined;
  const watch = superviseForever();
  await watch.started;

  return {
    url: urlOf(layout, "roadbed"),
    adopted: state.adopted,
    get pid() {
      return state.pid;
    },
    dataDir: layout.home,
    onLost: (listener) => void lost.add(listener),
    stop: async () => {
      if (stopped) return;
      stopped = true;
      await keeper?.end().catch(() => {});
      await watch.ended;
      await withStartLock(layout.lockFile, () => leave(layout, o.log));
    },
  };

  /** Holds one idle connection, which ends the moment the server does, and brings the server up again each time. */
  function superviseForever(): { started: Promise<void>; ended: Promise<void> } {
    const first = Promise.withResolvers<void>();
    const run = async (): Promise<void> => {
      for (let failures = 0; !stopped;) {
        try {
          if (failures > 0 || keeper !== undefined) state = await bringUp(layout, o);
          const { ended } = await hold();
          failures = 0;
          first.resolve();
          await ended;
          if (stopped) return;
          o.log.error("the database was lost; bringing it up again", { pid: state.pid });
          for (const listener of lost) listener();
        } catch (error) {
          failures++;
          o.log.error("the database could not be brought up", { error: (error as Error).message, failures });
          first.resolve();
          await delay(Math.min(100 * 2 ** failures, 10_000));
        }
      }
    };
    return { started: first.promise, ended: run() };
  }

  async function hold(): Promise<{ ended: Promise<void> }> {
    const client = new pg.Client({ connectionString: urlOf(layout, "postgres"), application_name: KEEPER, keepAlive: true });
    keeper = client;
    const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
    client.on("error", () => {});
    await client.connect();
    return { ended };
  }
}

const KEEPER = "roadbed-supervisor";

/** Under the lock: adopt what answers, wait for what is coming up, else clear what is stale and start. */
function bringUp(layout: Layout, o: StartOptions): Promise<{ pid: number; adopted: boolean }> {
  return withStartLock(layout.lockFile, async () => {
    const living = livePostmaster(layout);
    if (living !== undefined && (await adopts(layout, living))) {
      o.log.info("adopted the running database", { pid: living });
      claimOwnership(layout, false);
      return { pid: living, adopted: true };
    }
    const binaries = resolveBinaries();
    const account = chooseAccount(existsSync(layout.cluster) ? layout.cluster : undefined);
    handOver(account, layout.home);
    handOver(account, layout.socketDir);
    for (const path of [layout.cluster, layout.socketDir, binaries.postgres]) letPass(account, path, o.log);
    initialiseCluster(layout, binaries, account);
    removeStaleLock(layout, o.log);
    const pid = await launchOverOrphans(() => launch({ layout, binaries, account, settings: o.settings ?? {} }));
    claimOwnership(layout, true);
    o.log.info("started the database", { pid });
    return { pid, adopted: false };
  });
}

/** True when the living postmaster answers, perhaps after its recovery; false when it went away meanwhile. */
async function adopts(layout: Layout, pid: number): Promise<boolean> {
  if (await answers(layout)) return true;
  const gone = (async () => {
    while (isAlive(pid)) await delay(50);
    return "it went away";
  })();
  return waitUntilReady(layout, gone).then(
    () => true,
    (error: unknown) => {
      if (isAlive(pid)) throw error;
      return false;
    },
  );
}

/** After the postmaster alone was killed its children need a moment to notice; until then a new one refuses to start. */
async function launchOverOrphans(start: () => Promise<number>): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries >= 40 || !/still in use|lock file "postmaster.pid" already exists/.test((error as Error).message)) throw error;
      await delay(250);
    }
  }
}

/** Who starts it owns it; who adopts it owns it if its owner is dead or has left. */
function claimOwnership(layout: Layout, started: boolean): void {
  if (!started && ownerOf(layout) !== undefined) return;
  writeFileSync(layout.ownerFile, JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) }));
}

/** The living owner's process id. */
function ownerOf(layout: Layout): number | undefined {
  try {
    const { pid, startTime } = JSON.parse(readFileSync(layout.ownerFile, "utf8")) as { pid: number; startTime: string };
    return isAlive(pid) && startTimeOf(pid) === startTime ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The last to leave turns off the light; an owner who is not the last leaves the ownership to the others. */
async function leave(layout: Layout, log: Logger): Promise<void> {
  const owner = ownerOf(layout);
  if (owner !== undefined && owner !== process.pid) return;
  rmSync(layout.ownerFile, { force: true });
  const pid = livePostmaster(layout);
  if (pid === undefined) return;
  const others = await otherClients(layout);
  if (others > 0) return log.info("left the database running: others are connected", { clients: others });
  if (!(await shutDown(pid))) log.warn("the database did not stop within 30 s; left it", { pid });
}

/** Counted a few times over two seconds: connections just closed by us take a moment to vanish. */
async function otherClients(layout: Layout): Promise<number> {
  const client = new pg.Client({ connectionString: urlOf(layout, "postgres"), application_name: KEEPER });
  client.on("error", () => {});
  try {
    await client.connect();
    for (let tries = 0; ; tries++) {
      const { rows } = await client.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
      );
      const n = rows[0]?.n ?? 0;
      if (n === 0 || tries >= 20) return n;
      await delay(100);
    }
  } catch {
    return 0;
  } finally {
    await client.end().catch(() => {});
  }
}

async function ensureDatabase(layout: Layout): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(layout, "postgres") });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = 'roadbed'");
    if (rowCount === 0) await client.query("create database roadbed");
  } catch (error) {
    // Another process was faster.
    if ((error as { code?: string }).code !== "42P04") throw error;
  } finally {
    await client.end();
  }
}
