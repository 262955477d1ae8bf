import { InvalidError, UnavailableError } from "@roadbed/core";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

import type { Context, Dialect, Examined } from "./engine.ts";
import type { Rendered } from "./render-value.ts";
import type { Answer, Request, Validated } from "./render-process.ts";
import type { Page } from "./validate-values.ts";

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Runs templates where they can do no harm. */
export interface Renderer {
  /** Every string inside `value`; see render-value.ts. `failed`: an earlier step failed. */
  renderValue(value: unknown, context: Context, failed?: boolean): Promise<Rendered>;
  /** One text, e.g. a file. `name` is for the error. Throws `InvalidError` with the line. */
  renderText(name: string, text: string, context: Context, dialect?: Dialect): Promise<string>;
  /** Many texts with one context, in order; none sees what another did with it. Throws `InvalidError` for the first that is wrong. */
  renderTexts(texts: readonly NamedText[], context: Context, dialect?: Dialect): Promise<string[]>;
  /** Parses texts and looks at them, in order; renders nothing. */
  examine(texts: readonly string[], dialect?: Dialect): Promise<readonly Examined[]>;
  validate(pages: readonly Page[], values: Record<string, unknown>): Promise<Validated>;
  close(): Promise<void>;
}

export interface RendererOptions {
  /** How long one value or file may take, in ms. Default 5,000. */
  readonly deadlineMs?: number;
  /** How much memory a template may take, in MB. Default 128. */
  readonly memoryMb?: number;
  /** After how long without work the process is let go, in ms. Default 20,000. */
  readonly idleMs?: number;
}

/**
 * A process that is started when needed, does one thing at a time and is ended when that takes too long. A process and no thread:
 * what a template asks for at once can be more than a thread's limit is checked in steps of, and then all of the server would end.
 */
export function createRenderer({ deadlineMs = 5_000, memoryMb = 128, idleMs = 20_000 }: RendererOptions = {}): Renderer {
  let running: Promise<ChildProcess> | undefined;
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
    const child = await begin();
    const answer = await exchange(child, { ...request, id: ++lastId } as Request, deadlineMs).catch(async (error: unknown) => {
      running = undefined;
      await end(child);
      throw error instanceof TooMuch
        ? new InvalidError(`${what} ${error.message}.`, { mend: "Look for a loop without an end in it." })
        : error;
    });
    idle = setTimeout(() => void letGo(), idleMs).unref();
    if (answer.ok) return answer.result;
    const about = answer.at === undefined ? what : namesOf(request)[answer.at];
    throw new InvalidError(`${about}${answer.line === undefined ? "" : `, line ${answer.line}`}: ${answer.message}`);
  }

  /** One that could not be started, or was ended from outside, is not asked again. */
  async function begin(): Promise<ChildProcess> {
    const begun = (running ??= startProcess(memoryMb));
    const child = await begun.catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    if (isThere(child)) return child;
    running = undefined;
    return begin();
  }

  async function letGo(): Promise<void> {
    clearTimeout(idle);
    const going = running;
    running = undefined;
    await going?.then(end).catch(() => undefined);
  }

  /** By one question; where that takes too long or too much, one by one, so that the file that does is named. */
  async function askTogether(texts: readonly NamedText[], context: Context, dialect: Dialect): Promise<readonly string[]> {
    try {
      return (await ask(TOGETHER, { kind: "texts", texts, context, dialect })) as readonly string[];
    } catch (error) {
      if (!(error instanceof InvalidError) || !error.message.startsWith(TOGETHER)) throw error;
    }
    const done: string[] = [];
    for (const { name, text } of texts) done.push((await ask(name, { kind: "text", text, context, dialect })) as string);
    return done;
  }

  return {
    async renderValue(value, context, failed = false) {
      if (!hasTemplate(value)) return { value, warnings: [] };
      return (await ask("An expression", { kind: "value", value, context, failed })) as Rendered;
    },
    async renderText(name, text, context, dialect = {}) {
      if (!isTemplate(text)) return text;
      return (await ask(name, { kind: "text", text, context, dialect })) as string;
    },
    async renderTexts(texts, context, dialect = {}) {
      const rendered = texts.map(({ text }) => text);
      const open = texts.flatMap(({ text }, index) => (isTemplate(text) ? [index] : []));
      for (const part of partsOf(open, (index) => texts[index]!.text.length)) {
        const some = part.map((index) => texts[index]!);
        const done = await askTogether(some, context, dialect);
        for (const [n, index] of part.entries()) rendered[index] = done[n]!;
      }
      return rendered;
    },
    async examine(texts, dialect = {}) {
      return texts.length === 0 ? [] : ((await ask("A template", { kind: "examine", texts, dialect })) as readonly Examined[]);
    },
    async validate(pages, values) {
      return (await ask("The form", { kind: "validate", pages, values })) as Validated;
    },
    close: letGo,
  };
}

const TOGETHER = "Rendering them together";
const MOST_CHARACTERS = 1_000_000;

/** Cut so that one question stays small. */
function partsOf(indexes: readonly number[], sizeOf: (index: number) => number): number[][] {
  const parts: number[][] = [];
  let size = Infinity;
  for (const index of indexes) {
    if (size + sizeOf(index) > MOST_CHARACTERS) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(index);
    size += sizeOf(index);
  }
  return parts;
}

function isTemplate(text: string): boolean {
  return /\{\{|\{%|\{#/.test(text);
}

function namesOf(request: Ask): string[] {
  return request.kind === "texts" ? request.texts.map(({ name }) => name) : [];
}

type Ask = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

/** The process ran out of time or memory. */
class TooMuch extends Error {}

async function startProcess(memoryMb: number): Promise<ChildProcess> {
  const child = fork(new URL("./render-process.ts", import.meta.url), {
    env: {},
    execArgv: [`--max-old-space-size=${memoryMb}`, "--stack-size=2000", "--disable-warning=ExperimentalWarning"],
    serialization: "advanced",
    // What it says when it runs out of memory is for nobody: whoever asked is told.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const started = await Promise.race([once(child, "message").then(() => true), once(child, "exit").then(() => false)]).catch(
    (cause: unknown) => {
      throw new UnavailableError("The process for templates did not start.", { cause });
    },
  );
  if (!started) throw new UnavailableError("The process for templates did not start.");
  child.on("error", () => undefined);
  setHolding(child, false);
  return child;
}

/** An idle one does not keep the server from ending. */
function setHolding(child: ChildProcess, holds: boolean): void {
  const change = holds ? "ref" : "unref";
  child[change]();
  child.channel?.[change]();
}

function isThere(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null && child.connected;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

async function exchange(child: ChildProcess, request: Request, deadlineMs: number): Promise<Answer> {
  setHolding(child, true);
  const settled = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => settled.reject(new TooMuch(`took longer than ${deadlineMs / 1000} s and was stopped`)), deadlineMs);
  const onMessage = (answer: Answer): void => settled.resolve(answer);
  const onExit = (_: number | null, signal: NodeJS.Signals | null): void =>
    settled.reject(new TooMuch(signal === "SIGABRT" ? "took more memory than it may and was stopped" : "was stopped"));
  child.once("message", onMessage).once("exit", onExit);
  try {
    child.send(request, (error) => error && settled.reject(new UnavailableError("The process for templates is away.", { cause: error })));
    return await settled.promise;
  } finally {
    clearTimeout(timer);
    child.off("message", onMessage).off("exit", onExit);
    setHolding(child, false);
  }
}

function hasTemplate(value: unknown): boolean {
  if (typeof value === "string") return value.includes("${{") || value.includes("{%");
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasTemplate);
}
