import { InvalidError, UnavailableError } from "@roadbed/core";
import { Worker } from "node:worker_threads";

import type { Context, Dialect } from "./engine.ts";
import type { Rendered } from "./render-value.ts";
import type { Answer, Request, Validated } from "./render-worker.ts";
import type { Page } from "./validate-values.ts";

/** Runs templates where they can do no harm. */
export interface Renderer {
  /** Every string inside `value`; see render-value.ts. `failed`: an earlier step failed. */
  renderValue(value: unknown, context: Context, failed?: boolean): Promise<Rendered>;
  /** One text, e.g. a file. `name` is for the error. Throws `InvalidError` with the line. */
  renderText(name: string, text: string, context: Context, dialect?: Dialect): Promise<string>;
  validate(pages: readonly Page[], values: Record<string, unknown>): Promise<Validated>;
  close(): Promise<void>;
}

export interface RendererOptions {
  /** How long one value or file may take, in ms. Default 5,000. */
  readonly deadlineMs?: number;
  /** How much memory a template may take, in MB. Default 128. */
  readonly memoryMb?: number;
  /** After how long without work the thread is let go, in ms. Default 20,000. */
  readonly idleMs?: number;
}

/** A thread that is started when needed, does one thing at a time and is stopped when that takes too long. */
export function createRenderer({ deadlineMs = 5_000, memoryMb = 128, idleMs = 20_000 }: RendererOptions = {}): Renderer {
  let thread: Promise<Worker> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;
  let lastId = 0;

  async function ask(what: string, request: Ask): Promise<unknown> {
    const turn = tail.then(() => askNow(what, request));
    tail = turn.catch(() => undefined);
    return turn;
  }

  async function askNow(what: string, request: Ask): Promise<unknown> {
    clearTimeout(idle);
    const worker = await (thread ??= startThread(memoryMb));
    const answer = await exchange(worker, { ...request, id: ++lastId } as Request, deadlineMs).catch(async (error: unknown) => {
      thread = undefined;
      await worker.terminate();
      throw error instanceof TooMuch
        ? new InvalidError(`${what} ${error.message}.`, { mend: "Look for a loop without an end in it." })
        : error;
    });
    idle = setTimeout(() => void letGo(), idleMs).unref();
    if (answer.ok) return answer.result;
    throw new InvalidError(`${what}${answer.line === undefined ? "" : `, line ${answer.line}`}: ${answer.message}`);
  }

  async function letGo(): Promise<void> {
    clearTimeout(idle);
    const going = thread;
    thread = undefined;
    await going?.then((worker) => worker.terminate()).catch(() => undefined);
  }

  return {
    async renderValue(value, context, failed = false) {
      if (!hasTemplate(value)) return { value, warnings: [] };
      return (await ask("An expression", { kind: "value", value, context, failed })) as Rendered;
    },
    async renderText(name, text, context, dialect = {}) {
      if (!/\{\{|\{%|\{#/.test(text)) return text;
      return (await ask(name, { kind: "text", text, context, dialect })) as string;
    },
    async validate(pages, values) {
      return (await ask("The form", { kind: "validate", pages, values })) as Validated;
    },
    close: letGo,
  };
}

type Ask = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

/** The thread ran out of time or memory. */
class TooMuch extends Error {}

async function startThread(memoryMb: number): Promise<Worker> {
  const worker = new Worker(new URL("./render-worker.ts", import.meta.url), {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: 4 },
  });
  worker.unref();
  worker.setMaxListeners(0);
  await new Promise<void>((resolve, reject) => {
    worker.ref();
    worker.once("message", () => resolve());
    worker.once("error", (cause) => reject(new UnavailableError("The template thread did not start.", { cause })));
  });
  worker.unref();
  worker.on("error", () => undefined);
  return worker;
}

async function exchange(worker: Worker, request: Request, deadlineMs: number): Promise<Answer> {
  worker.ref();
  const settled = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => settled.reject(new TooMuch(`took longer than ${deadlineMs / 1000} s and was stopped`)), deadlineMs);
  const onMessage = (answer: Answer): void => settled.resolve(answer);
  const onError = (error: Error): void =>
    settled.reject(outOfMemory(error) ? new TooMuch("took more memory than it may and was stopped") : error);
  const onExit = (): void => settled.reject(new TooMuch("was stopped"));
  worker.once("message", onMessage).once("error", onError).once("exit", onExit);
  try {
    worker.postMessage(request);
    return await settled.promise;
  } finally {
    clearTimeout(timer);
    worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    worker.unref();
  }
}

function outOfMemory(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
}

function hasTemplate(value: unknown): boolean {
  if (typeof value === "string") return value.includes("${{") || value.includes("{%");
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasTemplate);
}
