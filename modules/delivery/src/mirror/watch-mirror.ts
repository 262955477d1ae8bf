import type { DeliveryDeps } from "../deps.ts";
import { syncMirror, type MirrorSync } from "./sync-mirror.ts";

export interface MirrorWatch {
  /** Something was written: the mirror follows soon, unless it is failing, which has its own pauses. */
  follow(): void;
  /** It is looked whether it is due. */
  poke(): void;
  start(): void;
  stop(): Promise<void>;
}

/** Follows what is written to the repository, and looks at the remote from time to time: nothing waits for it. */
export function createMirrorWatch(deps: DeliveryDeps, sync: MirrorSync): MirrorWatch {
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;

  function run(): void {
    again = running !== undefined;
    running ??= (async () => {
      do {
        again = false;
        await syncMirror(deps, sync);
      } while (again);
    })()
      .catch((error: unknown) =>
        deps.log.error("the mirror of the repository of what runs where could not be looked at", { error: String(error) }),
      )
      .finally(() => (running = undefined));
  }

  const watch: MirrorWatch = {
    follow() {
      if (stopped) return;
      deps.db
        .query("update delivery.mirror set try_at = now() where state <> 'failing' and try_at > now()")
        .then(() => watch.poke())
        .catch(() => {});
    },
    poke() {
      if (stopped || soon !== undefined) return;
      // Who pokes is still in its transaction; and what is written together is pushed together.
      soon = setTimeout(() => {
        soon = undefined;
        run();
      }, 300);
      soon.unref();
    },
    start() {
      stopped = false;
      timer = setInterval(() => watch.poke(), Math.min(15_000, sync.everyMs));
      timer.unref();
      watch.poke();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await running;
    },
  };
  return watch;
}
