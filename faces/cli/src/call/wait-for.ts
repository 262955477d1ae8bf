import { UnavailableError, type Operation } from "@roadbed/core";
import type { Client } from "@roadbed/face-client";

import { printable, type Output, type Paint } from "../output/text.ts";

/** Ends that some things reach without saying when, and `held`: it goes on when somebody has decided, which may be tomorrow. */
const FINAL = new Set(["succeeded", "failed", "cancelled", "healthy", "rolled-back", "superseded", "held"]);

export interface WaitOptions {
  readonly client: Client;
  /** The operation that reads what was started, by its id. */
  readonly read: Operation;
  readonly started: unknown;
  readonly seconds: number;
  readonly signal: AbortSignal | undefined;
  /** Where progress is told; undefined for programs. */
  readonly progress: { readonly output: Output; readonly paint: Paint } | undefined;
}

interface Thing {
  readonly id: string;
  readonly status?: string;
  readonly state?: string;
  readonly endedAt?: string;
  /** What a promotion waits for. */
  readonly gates?: readonly { readonly name: string; readonly title: string; readonly verdict: string; readonly why: string }[];
  readonly steps?: readonly { readonly id: string; readonly name: string; readonly status: string; readonly error?: string }[];
}

/**
 * Reads what was started until it has come to an end, and returns it as it is then. A server that is away for a while
 * (a restart) is waited for: what was started goes on. Throws `UnavailableError` when the time is over.
 */
export async function waitFor({ client, read, started, seconds, signal, progress }: WaitOptions): Promise<unknown> {
  const deadline = Date.now() + seconds * 1_000;
  const told = new Map<string, string>();
  let thing = started as Thing;
  for (let pause = 200; ; pause = Math.min(pause * 1.5, 1_500)) {
    if (progress) {
      tellSteps(thing, told, progress);
      tellGates(thing, told, progress);
    }
    const state = thing.status ?? thing.state ?? "";
    if (FINAL.has(state) || thing.endedAt !== undefined) return thing;
    if (Date.now() > deadline) {
      throw new UnavailableError(`${thing.id} is still ${state} after ${seconds} s; it goes on.`, {
        mend: "Look again later, or wait longer with --timeout.",
      });
    }
    await sleep(pause, signal);
    thing = (await readAgain(client, read, thing, deadline, signal)) as Thing;
  }
}

async function readAgain(
  client: Client,
  read: Operation,
  thing: Thing,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    return await client.call(read, { id: thing.id }, signal ? { signal } : {});
  } catch (error) {
    if (error instanceof UnavailableError && Date.now() < deadline) return thing;
    throw error;
  }
}

function tellSteps({ steps = [] }: Thing, told: Map<string, string>, { output, paint }: NonNullable<WaitOptions["progress"]>): void {
  for (const { id, name, status, error } of steps) {
    if (told.get(id) === status || status === "open") continue;
    told.set(id, status);
    const line = printable(name);
    if (status === "completed") output.write(`${paint.green("done")}     ${line}\n`);
    else if (status === "failed") output.write(`${paint.red("failed")}   ${line}${error === undefined ? "" : `: ${printable(error)}`}\n`);
    else if (status === "processing") output.write(`${paint.dim("running")}  ${line}\n`);
    else output.write(`${paint.dim(status.padEnd(9))}${line}\n`);
  }
}

function tellGates({ gates = [] }: Thing, told: Map<string, string>, { output, paint }: NonNullable<WaitOptions["progress"]>): void {
  for (const { name, title, verdict, why } of gates) {
    if (told.get(`gate ${name}`) === `${verdict} ${why}`) continue;
    told.set(`gate ${name}`, `${verdict} ${why}`);
    const word = verdict === "passed" ? paint.green("passed") : verdict === "waiting" ? paint.dim("waiting") : paint.red(verdict);
    output.write(`${word}${" ".repeat(Math.max(1, 9 - verdict.length))}${printable(title)}: ${printable(why)}\n`);
  }
}

export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}
