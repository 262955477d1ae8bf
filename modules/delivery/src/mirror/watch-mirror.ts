import type { DeliveryDeps } from "../deps.ts";
import { createPokedWork, type PokedWork } from "../poked-work.ts";
import { syncMirror, type MirrorSync } from "./sync-mirror.ts";

export interface MirrorWatch extends Pick<PokedWork, "poke" | "start" | "stop"> {
  /** Something was written: the mirror follows soon, unless it is failing, which has its own pauses. */
  follow(): void;
}

/** Follows what is written to the repository, and looks at the remote from time to time: nothing waits for it. */
export function createMirrorWatch(deps: DeliveryDeps, sync: MirrorSync): MirrorWatch {
  const work = createPokedWork({
    work: () => syncMirror(deps, sync),
    // What is written together is pushed together.
    soonMs: 300,
    everyMs: Math.min(15_000, sync.everyMs),
    log: deps.log,
    fails: "the mirror of the repository of what runs where could not be looked at",
  });
  return {
    ...work,
    follow() {
      if (work.isStopped()) return;
      deps.db
        .query("update delivery.mirror set try_at = now() where state <> 'failing' and try_at > now()")
        .then(() => work.poke())
        .catch(() => {});
    },
  };
}
