import { FaceFailure } from "./errors.ts";

/** A limit on how many statements run at once; the rest wait their turn, and beyond `maxWaiting` are refused. */
export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>;
  busy(): number;
}

export function createSlots(limit: number, maxWaiting: number): Slots {
  const waiting: (() => void)[] = [];
  let busy = 0;

  async function enter(): Promise<void> {
    if (busy < limit) {
      busy++;
      return;
    }
    if (waiting.length >= maxWaiting) {
      throw new FaceFailure(202, "TOO_MANY_SIMULTANEOUS_QUERIES", `More than ${maxWaiting} statements wait already. Try again.`);
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  // A slot goes straight to the next in the queue, so nobody can slip in between.
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) busy--;
    else next();
  }

  return {
    async run(work) {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    busy: () => busy,
  };
}
