/** Looks when it is woken and every so often; never twice at once, and once more when it was woken meanwhile. */
export interface Looking {
  wake(): void;
  start(): void;
  /** Waits for the look that is under way. */
  stop(): Promise<void>;
}

export function createLooking(o: {
  readonly everyMs: number;
  readonly look: () => Promise<void>;
  readonly failed: (error: unknown) => void;
}): Looking {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;

  return {
    wake,
    start: () => {
      stopped = false;
      timer = setInterval(wake, o.everyMs).unref();
      wake();
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };

  function wake(): void {
    if (stopped) return;
    again = true;
    running ??= work().finally(() => (running = undefined));
  }

  async function work(): Promise<void> {
    while (again && !stopped) {
      again = false;
      await o.look().catch(o.failed);
    }
  }
}
