import { Worker } from "node:worker_threads";

import type { Bundle } from "./read-bundle.ts";

/** A compiled policy, known to the engine. */
export interface OpaModule extends Bundle {
  readonly id: number;
  readonly entrypoint: string;
}

/** What it gave, as OPA gives results; or why it gave nothing. */
export type OpaAnswer =
  | { readonly result: readonly unknown[]; readonly fault?: undefined }
  | { readonly result?: undefined; readonly fault: string };

export interface OpaQuestion {
  readonly id: number;
  /** Where the thread does not know it yet. */
  readonly module?: Bundle;
  readonly entrypoint: string;
  readonly input: unknown;
}
export type OpaReply = OpaAnswer & { readonly gone?: boolean };

export interface OpaEngine {
  load(bundle: Bundle, entrypoint: string): OpaModule;
  /** One answer per input, in order. Never throws for what a policy does. */
  ask(module: OpaModule, inputs: readonly unknown[]): Promise<OpaAnswer[]>;
  close(): Promise<void>;
}

interface Live {
  readonly worker: Worker;
  readonly known: Set<number>;
}

/**
 * Runs compiled policies in a thread of their own, started when first needed and stopped when idle. WebAssembly cannot be interrupted from
 * inside: what does not answer in time is ended with the thread, and so is what takes more memory than it is given.
 */
export function createOpaEngine({ deadlineMs = 1_000, memoryMb = 128, idleMs = 60_000 } = {}): OpaEngine {
  let ids = 0;
  let live: Live | undefined;
  let idle: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  return {
    load: (bundle, entrypoint) => ({ ...bundle, entrypoint, id: ++ids }),
    ask(module, inputs) {
      const mine = queue.then(() => askAll(module, inputs));
      queue = mine.catch(() => undefined);
      return mine;
    },
    async close() {
      closed = true;
      await drop();
    },
  };

  async function askAll(module: OpaModule, inputs: readonly unknown[]): Promise<OpaAnswer[]> {
    clearTimeout(idle);
    const answers: OpaAnswer[] = [];
    let ended: string | undefined;
    for (const input of inputs) {
      if (ended !== undefined) {
        // One that never ends is not waited for again on each object.
        answers.push({ fault: `was not evaluated: it ${ended} on another object` });
        continue;
      }
      const answer = closed ? { fault: "the policy engine is stopped" } : await askOne(module, input);
      if (answer.fault === TOO_LONG) ended = `took longer than ${deadlineMs} ms`;
      answers.push(answer.fault === TOO_LONG ? { fault: ended! } : answer);
    }
    idle = setTimeout(() => void drop(), idleMs).unref();
    return answers;
  }

  async function askOne(module: OpaModule, input: unknown): Promise<OpaAnswer> {
    try {
      live ??= await begin();
    } catch (error) {
      return { fault: `its thread did not start: ${String(error)}` };
    }
    const { worker, known } = live;
    const { id, entrypoint, wasm, data } = module;
    const reply = await exchange(worker, { id, entrypoint, input, ...(known.has(id) ? {} : { module: { wasm, data } }) });
    known.add(id);
    if (reply.gone === true) known.delete(id);
    if (reply.fault === TOO_LONG || reply.fault === GONE) await drop();
    return reply.fault === undefined ? { result: reply.result } : { fault: reply.fault };
  }

  function exchange(worker: Worker, question: OpaQuestion): Promise<OpaReply> {
    return new Promise((resolve) => {
      const done = (reply: OpaReply): void => {
        clearTimeout(timer);
        worker.off("message", done).off("error", fail).off("exit", gone);
        worker.unref();
        resolve(reply);
      };
      const fail = (error: unknown): void => done({ fault: error instanceof Error ? error.message : String(error) });
      const gone = (): void => done({ fault: GONE });
      const timer = setTimeout(() => done({ fault: TOO_LONG }), deadlineMs);
      worker.ref();
      worker.on("message", done).on("error", fail).on("exit", gone);
      worker.postMessage(question);
    });
  }

  function begin(): Promise<Live> {
    const worker = new Worker(new URL("./thread.ts", import.meta.url), {
      workerData: { memoryMb },
      execArgv: [],
      env: {},
      // What a policy prints is nobody's log.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    return new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", () => {
        worker.off("error", reject).on("error", () => {});
        resolve({ worker, known: new Set() });
      });
    });
  }

  async function drop(): Promise<void> {
    const gone = live;
    live = undefined;
    await gone?.worker.terminate();
  }
}

const TOO_LONG = "took too long";
const GONE = "its thread ended";
