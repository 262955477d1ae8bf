import { CancelledError, UnavailableError } from "@roadbed/core";
import { spawn } from "node:child_process";

export interface TerraformRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly file: string;
  readonly folder: string;
  readonly args: readonly string[];
  /** The whole environment of the process: nothing of the server's own is in it. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told of the process's group right after it began. */
  readonly onStart?: (pid: number) => void;
}

const MOST_OUTPUT = 32 * 1024 * 1024;
/** Terraform asks its providers to end on SIGINT, and writes down what they made. */
const GRACE_MS = 15_000;

/** Runs one command in a process group of its own; when the time is over, or the call is, the whole group ends. */
export function runTerraform(o: RunOptions): Promise<TerraformRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(o.file, [...o.args], { cwd: o.folder, env: { ...o.env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    let ended: "time" | "call" | "output" | undefined;
    let killer: NodeJS.Timeout | undefined;
    const stop = (why: typeof ended): void => {
      if (ended !== undefined) return;
      ended = why;
      endGroup(child.pid, "SIGINT");
      killer = setTimeout(() => endGroup(child.pid, "SIGKILL"), GRACE_MS);
    };
    const timer = setTimeout(() => stop("time"), o.timeoutMs);
    const onAbort = (): void => stop("call");
    o.signal.addEventListener("abort", onAbort, { once: true });
    if (o.signal.aborted) onAbort();
    for (const [stream, into] of [
      [child.stdout, out],
      [child.stderr, err],
    ] as const) {
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_OUTPUT) stop("output");
        else into.push(chunk);
      });
    }
    child.once("error", (cause) => {
      settle();
      reject(new UnavailableError(`${o.file} could not be started: ${cause.message}`, { cause }));
    });
    child.once("spawn", () => o.onStart?.(child.pid ?? 0));
    // Whatever it started and left behind holds its output open, and has nobody any more who would end it.
    child.once("exit", () => endGroup(child.pid, "SIGKILL"));
    child.once("close", (code) => {
      settle();
      if (ended === "time")
        return reject(new UnavailableError(`${o.args[0]} took longer than ${Math.round(o.timeoutMs / 60_000)} min and was ended.`));
      if (ended === "output")
        return reject(new UnavailableError(`${o.args[0]} printed more than ${MOST_OUTPUT / 1024 / 1024} MB and was ended.`));
      if (ended === "call") return reject(new CancelledError(`${o.args[0]} was ended.`));
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") });
    });

    function settle(): void {
      clearTimeout(timer);
      clearTimeout(killer);
      o.signal.removeEventListener("abort", onAbort);
    }
  });
}

export function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}
