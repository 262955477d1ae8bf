import type { Logger } from "@roadbed/core";

/** Work that is done soon after somebody pokes, from time to time without that, and never twice at once. */
export interface PokedWork {
  /** It is looked whether there is something to do. */
  poke(): void;
  isStopped(): boolean;
  start(): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/**
 * `soonMs`: what is poked together is done together; who pokes may still be in its transaction. `fails`: what the log says where it throws.
 */
export function createPokedWork(o: {
  readonly work: () => Promise<void>;
  readonly soonMs: number;
  readonly everyMs: number;
  readonly log: Logger;
  readonly fails: string;
}): PokedWork {
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;

  function run(): void {
    again = running !== undefined;
    running ??= workOff()
      .catch((error: unknown) => o.log.error(o.fails, { error: String(error) }))
      .finally(() => (running = undefined));
  }

  async function workOff(): Promise<void> {
    do {
      again = false;
      await o.work();
    } while (again && !stopped);
  }

  function poke(): void {
    if (stopped || soon !== undefined) return;
    soon = setTimeout(() => {
      soon = undefined;
      run();
    }, o.soonMs);
    soon.unref();
  }

  return {
    poke,
    isStopped: () => stopped,
    start() {
      stopped = false;
      timer = setInterval(poke, o.everyMs);
      timer.unref();
      poke();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await running;
    },
  };
}
