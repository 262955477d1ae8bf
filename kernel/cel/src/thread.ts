import { Worker } from "node:worker_threads";

import { UnavailableError } from "@roadbed/core";

import { ALL_TRUE, SKIPPED, type Outcome, type Program, type RuleOutcome, type WorkerAnswer, type WorkerRequest } from "./program.ts";
import { DONE, PREPARING } from "./progress.ts";

/** How one batch ended in a thread: answered, or stopped at the evaluation that is to blame. */
export type BatchEnd =
  | { readonly kind: "answered"; readonly outcomes: readonly Outcome[] }
  /** `at`: position of the guilty evaluation, undefined while the data was still being taken in. */
  | { readonly kind: "stopped"; readonly at: number | undefined; readonly why: "deadline" | "memory" };

export interface Thread {
  /** Starts a worker where none is running. Rejects with `UnavailableError` when none can be had, or on `close`. */
  run(request: Omit<WorkerRequest, "batch" | "learn">, programs: readonly Program[], remainingMs: number): Promise<BatchEnd>;
  close(): Promise<void>;
}

export interface ThreadOptions {
  readonly deadlineMs: number;
  readonly memoryMb: number;
  readonly expressionCost: number;
  /** A worker that nobody asks for this long is stopped; the next batch starts another. */
  readonly idleMs: number;
}

/**
 * One worker at a time, watched from outside: a worker that stays at one evaluation for the deadline is
 * terminated, for nothing inside it can be interrupted. The caller runs batches one after another.
 */
export function createThread({ deadlineMs, memoryMb, expressionCost, idleMs }: ThreadOptions): Thread {
  let live: Live | undefined;
  let batches = 0;
  let idle: NodeJS.Timeout | undefined;
  let closed = false;

  return {
    async run(request, programs, remainingMs) {
      clearTimeout(idle);
      if (live && live.known.size > KNOWN_LIMIT) await drop();
      live ??= await begin();
      if (closed) {
        await drop();
        throw new UnavailableError("The policy engine was stopped.");
      }
      const end = await runBatch(live, { ...request, batch: ++batches, learn: takeUnknown(live, programs) }, deadlineMs, remainingMs);
      if (end.kind === "stopped") await drop();
      idle = setTimeout(() => void drop(), idleMs).unref();
      return end;
    },
    async close() {
      // A worker that is just being started is stopped when it stands.
      closed = true;
      clearTimeout(idle);
      await drop();
    },
  };

  /** A worker that dies while nobody asks is forgotten, so that the next batch is not sent to the dead. */
  async function begin(): Promise<Live> {
    const begun = await startWorker(memoryMb, expressionCost);
    begun.worker.once("exit", () => {
      if (live === begun) live = undefined;
    });
    return begun;
  }

  async function drop(): Promise<void> {
    const gone = live;
    live = undefined;
    await gone?.worker.terminate();
  }
}

const KNOWN_LIMIT = 2_000;
const START_TIMEOUT_MS = 30_000;

interface Live {
  readonly worker: Worker;
  readonly progress: Int32Array;
  /** Ids of the programs it has compiled, with how many rules each has. */
  readonly known: Map<number, number>;
}

function startWorker(memoryMb: number, expressionCost: number): Promise<Live> {
  const shared = new SharedArrayBuffer(4);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: { shared, expressionCost },
    execArgv: [],
    env: compileCache(),
    // Half of what an evaluation cost was clearing away a nursery of 4 MB; it is given back with the thread.
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 16 },
  });
  worker.unref();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail("did not start in time"), START_TIMEOUT_MS);
    const fail = (reason: string): void => {
      clearTimeout(timer);
      void worker.terminate();
      reject(new UnavailableError(`The policy engine ${reason}.`, { mend: "Try again; look into the log if it stays so." }));
    };
    worker.once("error", (error) => fail(`did not start: ${messageOf(error)}`));
    worker.once("message", () => {
      clearTimeout(timer);
      worker.removeAllListeners("error").on("error", () => {});
      resolve({ worker, progress: new Int32Array(shared), known: new Map() });
    });
  });
}

/** Nothing of the environment, save where compiled code is kept: compiling the sources again costs a worker 15 MB. */
function compileCache(): Record<string, string> {
  const folder = process.env["NODE_COMPILE_CACHE"];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}

function takeUnknown({ known }: Live, programs: readonly Program[]): Program[] {
  const unknown = programs.filter(({ id }) => !known.has(id));
  for (const { id, source } of unknown) known.set(id, source.rules.length);
  return unknown;
}

function runBatch(
  { worker, progress, known: rulesOf }: Live,
  request: WorkerRequest,
  deadlineMs: number,
  remainingMs: number,
): Promise<BatchEnd> {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    let last = PREPARING;
    const timer = setInterval(watch, deadlineMs);
    const release = (): void => {
      clearInterval(timer);
      worker.off("message", onAnswer).off("error", onError).off("exit", onExit);
      worker.unref();
    };
    const end = (how: BatchEnd): void => {
      release();
      resolve(how);
    };
    const onAnswer = (answer: WorkerAnswer): void => {
      if (answer.batch === request.batch) end({ kind: "answered", outcomes: unfold(answer, request, rulesOf) });
    };
    const onError = (error: unknown): void => {
      if (isMemoryError(error)) return end({ kind: "stopped", at: position(), why: "memory" });
      release();
      reject(new UnavailableError(`The policy engine failed: ${messageOf(error)}`, { cause: error }));
    };
    const onExit = (): void => {
      release();
      reject(new UnavailableError("The policy engine was stopped."));
    };
    const position = (): number | undefined => {
      const now = Atomics.load(progress, 0);
      return now >= 0 ? now : undefined;
    };

    /** Two looks, one deadline apart, that see the same evaluation: it has taken at least the deadline. */
    function watch(): void {
      const now = Atomics.load(progress, 0);
      if (now === DONE) return;
      if ((now === last && now !== PREPARING) || Date.now() - started > remainingMs)
        end({ kind: "stopped", at: position(), why: "deadline" });
      last = now;
    }

    Atomics.store(progress, 0, PREPARING);
    worker.ref();
    worker.on("message", onAnswer).on("error", onError).on("exit", onExit);
    worker.postMessage(request);
  });
}

function unfold({ codes, rest: text }: WorkerAnswer, { pairs }: WorkerRequest, rulesOf: ReadonlyMap<number, number>): Outcome[] {
  let next = 0;
  const rest = text === "" ? [] : (JSON.parse(text) as Outcome[]);
  return Array.from(codes, (code, i) => {
    if (code === SKIPPED) return SKIPPED_OUTCOME;
    if (code === ALL_TRUE) return allTrue(rulesOf.get(pairs[i * 2] ?? -1) ?? 0);
    return rest[next++] as Outcome;
  });
}

const SKIPPED_OUTCOME: Outcome = { kind: "skipped" };
const TRUE: RuleOutcome = { kind: "value", value: true };
const made: Outcome[] = [];

/** The same answer each time, per number of rules. */
function allTrue(rules: number): Outcome {
  return (made[rules] ??= { kind: "rules", rules: Array.from({ length: rules }, () => TRUE) });
}

function isMemoryError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === "ERR_WORKER_OUT_OF_MEMORY";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
