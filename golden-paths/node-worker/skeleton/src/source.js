import { setTimeout as sleep } from "node:timers/promises";

const TEXTS = ["a road is made by walking", "measure twice, cut once", "small steps, every day"];

/**
 * Where jobs come from: one text to count, each `intervalMs`. Put your queue here: `take` waits for a job and answers
 * undefined when told to stop, `done` acknowledges one, `failed` gets one that was tried in vain.
 */
export function createSource({ intervalMs }) {
  let last = 0;
  return {
    async take(signal) {
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      last += 1;
      return { id: `job-${last}`, type: "count-words", text: TEXTS[last % TEXTS.length] };
    },
    async done() {},
    async failed() {},
  };
}
