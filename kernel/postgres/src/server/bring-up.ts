import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "@roadbed/core";

import { dropBallast, layBallast } from "./ballast.ts";
import { chooseAccount, handOver, letPass, letRead } from "./account.ts";
import { resolveBinaries } from "./binaries.ts";
import { initialiseCluster } from "./initialise-cluster.ts";
import type { Layout } from "./layout.ts";
import { claimOwnership } from "./owner.ts";
import { answers, launch, livePostmaster, readPid, removeStaleLock, waitUntilReady } from "./postmaster.ts";
import { isAlive } from "./process-identity.ts";
import { openTcpDoor } from "./tcp-door.ts";
import { withStartLock } from "./start-lock.ts";

export interface BringUpOptions {
  readonly log: Logger;
  readonly settings?: Readonly<Record<string, string>>;
}

/** One at a time on this machine: adopt what answers, wait for what is coming up, else clear what is stale and start. */
export function bringUp(layout: Layout, o: BringUpOptions): Promise<{ pid: number; adopted: boolean }> {
  return withStartLock(layout.lockFile, async () => {
    // Who answers on our socket is our server, even where its process cannot be seen (another container on the same folder).
    const living = livePostmaster(layout) ?? ((await answers(layout)) ? readPid(layout) : undefined);
    if (living !== undefined && (await adopts(layout, living))) {
      o.log.info("adopted the running database", { pid: living });
      claimOwnership(layout.ownerFile, "adopted");
      return { pid: living, adopted: true };
    }
    const pid = await start(layout, o);
    claimOwnership(layout.ownerFile, "started");
    o.log.info("started the database", { pid });
    return { pid, adopted: false };
  });
}

async function start(layout: Layout, o: BringUpOptions): Promise<number> {
  const binaries = resolveBinaries();
  const account = chooseAccount(existsSync(layout.cluster) ? layout.cluster : undefined);
  handOver(account, layout.home);
  handOver(account, layout.socketDir);
  for (const path of [layout.cluster, layout.socketDir, binaries.postgres]) letPass(account, path, o.log);
  letRead(account, binaries.postgres, binaries.native);
  await initialiseCluster(layout, binaries, account);
  removeStaleLock(layout, o.log);
  const door = await openTcpDoor(layout, account);
  const pid = await launchOverOrphans(
    () => launch({ layout, binaries, account, settings: { ...o.settings, ...door } }),
    () => dropBallast(layout.ballastFile, o.log),
  );
  layBallast(layout.ballastFile, o.log);
  return pid;
}

/** True when the living postmaster answers, perhaps after its recovery; false when it went away meanwhile. */
async function adopts(layout: Layout, pid: number): Promise<boolean> {
  if (await answers(layout)) return true;
  let waiting = true;
  const gone = (async () => {
    while (waiting && isAlive(pid)) await delay(50);
    return "it went away";
  })();
  try {
    await waitUntilReady(layout, gone);
    return true;
  } catch (error) {
    if (isAlive(pid)) throw error;
    return false;
  } finally {
    waiting = false;
  }
}

/** After the postmaster alone was killed its children need a moment to notice; until then a new one refuses to start. `makeRoom`: true when it made some. */
async function launchOverOrphans(start: () => Promise<number>, makeRoom: () => boolean): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (makeRoom()) continue;
      if (tries >= 40 || !/still in use|lock file "postmaster.pid" already exists/.test((error as Error).message)) throw error;
      await delay(250);
    }
  }
}
