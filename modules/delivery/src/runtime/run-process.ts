import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import { InvalidError } from "@roadbed/core";

import type { LogFile } from "./log-file.ts";
import { endGroup, signalGroup, type ProcessLedger } from "./process-ledger.ts";

/** Node maps much more than it uses (over 600 MB for an empty server: code, stacks, arenas), so this stops only what runs away at once. */
const OVERHEAD_MB = 2_048;
const MAX_LINE_CHARS = 8_000;
const PIPES_MS = 1_000;
const PRLIMIT = ["/usr/bin/prlimit", "/bin/prlimit"].find(existsSync);

export interface ProcessSpec {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMb?: number;
  readonly log: LogFile;
  readonly ledger: ProcessLedger;
  /** What it is, for the ledger. */
  readonly what: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  readonly startedAt: Date;
  /** Resolves when it has ended and all that it printed is in the log. */
  readonly exited: Promise<Exit>;
  hasExited(): boolean;
  /** Asks it to end, and makes it end after `graceMs`. */
  stop(graceMs: number): Promise<Exit>;
}

/** Starts a process in a group of its own, so that what it starts ends with it, and Ctrl-C on the server does not reach it. Throws `InvalidError` when the command cannot be run. */
export async function runProcess(spec: ProcessSpec): Promise<RunningProcess> {
  const [program = "", ...args] = limited(spec);
  const child = spawn(program, args, { cwd: spec.cwd, env: { ...spec.env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const left = new Promise<Exit>((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  // A descendant that left the group may hold the pipes for ever.
  const exited = left.then(async (exit) => Promise.race([closed, delay(PIPES_MS, undefined, { ref: false })]).then(() => exit));
  await started(child, spec.command[0] ?? "");
  const pid = child.pid!;
  copyLines(child.stdout!, (line) => spec.log.write("stdout", line));
  copyLines(child.stderr!, (line) => spec.log.write("stderr", line));
  await spec.ledger.enter(pid, spec.what);
  let over = false;
  void left.then(async () => {
    over = true;
    // Grandchildren would keep the pipes open, and run on for nobody.
    signalGroup(pid, "SIGKILL");
    await spec.ledger.leave(pid);
  });
  return {
    pid,
    startedAt: new Date(),
    exited,
    hasExited: () => over,
    stop: async (graceMs) => {
      await endGroup(pid, graceMs, () => over);
      return exited;
    },
  };
}

/** How much memory a process really has now; undefined where the system does not tell. */
export async function residentMb(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kb === undefined ? undefined : Math.round(Number(kb) / 1_024);
}

export function describeExit({ code, signal }: Exit): string {
  if (signal === "SIGKILL") return "was killed (SIGKILL), maybe for want of memory";
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/** The last of three limits: Node's own for its heap, the watch over what is resident (`residentMb`), and this one. */
function limited({ command, memoryMb }: ProcessSpec): readonly string[] {
  if (memoryMb === undefined || PRLIMIT === undefined) return command;
  return [PRLIMIT, `--data=${(memoryMb + OVERHEAD_MB) * 2 ** 20}`, "--core=0", "--", ...command];
}

function started(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(new InvalidError(`"${program}" could not be started: ${error.code ?? error.message}.`, { cause: error }));
    });
  });
}

function copyLines(stream: NodeJS.ReadableStream, write: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) write(line.replace(/\r$/, ""));
    if (rest.length > MAX_LINE_CHARS) {
      write(rest);
      rest = "";
    }
  });
  stream.on("end", () => {
    if (rest !== "") write(rest);
  });
  stream.on("error", () => {});
}
