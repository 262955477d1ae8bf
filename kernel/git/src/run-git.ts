import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { pipeline } from "node:stream/promises";

import { CancelledError, TooLargeError, UnavailableError } from "@roadbed/core";

/** 256 MB: more output than that is streamed, never collected. */
const MAX_OUTPUT_BYTES = 256 * 2 ** 20;
const MAX_STDERR_CHARS = 8_000;

/** Settings of every call: nothing of the machine's or the user's configuration, no foreign protocols, no hooks, no detached jobs. */
const SETTINGS = [
  "protocol.ext.allow=never",
  "safe.directory=*",
  "core.hooksPath=/dev/null",
  "gc.autoDetach=false",
  "maintenance.autoDetach=false",
  "advice.detachedHead=false",
  "core.quotePath=false",
];

/** What the network needs and nothing else of our environment. */
const NETWORK_VARIABLES = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

export interface GitCall {
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Further `-c` settings; later ones win. */
  readonly settings?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Lets proxies, certificates and the SSH agent through. */
  readonly network?: boolean;
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  readonly maxOutputBytes?: number;
}

/** `git` ended with a code other than 0; `stderr` is without credentials. */
export class GitFailure extends Error {
  readonly exitCode: number | null;
  readonly stderr: string;
  /** What it printed before it ended. */
  readonly stdout: Buffer | undefined;

  constructor(command: string, exitCode: number | null, stderr: string, stdout?: Buffer) {
    super(`git ${command} failed (${exitCode ?? "killed"}): ${stderr.trim() || "no message"}`);
    this.name = "GitFailure";
    this.exitCode = exitCode;
    this.stderr = stderr;
    this.stdout = stdout;
  }
}

/** Runs `git` to its end and answers what it printed. Throws `GitFailure`, `TooLargeError`, `CancelledError` or `UnavailableError` (no git). */
export async function runGit(call: GitCall): Promise<Buffer> {
  const child = spawnGit(call);
  const ended = exitOf(child);
  const stderr = collectText(child);
  const fed = feed(child, call.input);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > (call.maxOutputBytes ?? MAX_OUTPUT_BYTES)) {
      child.kill("SIGKILL");
      await ended;
      throw new TooLargeError(`git ${commandOf(call)} printed more than ${call.maxOutputBytes ?? MAX_OUTPUT_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  const [exitCode] = await Promise.all([ended, fed]);
  if (call.signal?.aborted) throw new CancelledError(`git ${commandOf(call)} was cancelled.`);
  if (exitCode !== 0) throw new GitFailure(commandOf(call), exitCode, redactCredentials(stderr()), Buffer.concat(chunks));
  return Buffer.concat(chunks);
}

/** Starts `git` without a shell and without our environment. The caller reads its output and waits for `exitOf`. */
export function spawnGit(call: GitCall): ChildProcessWithoutNullStreams {
  const settings = [...SETTINGS, ...(call.settings ?? [])].flatMap((setting) => ["-c", setting]);
  const child = spawn("git", [...settings, ...call.args], {
    cwd: call.cwd ?? "/",
    env: { ...environment(call.network ?? false), ...call.env },
    stdio: ["pipe", "pipe", "pipe"],
    ...(call.signal ? { signal: call.signal, killSignal: "SIGKILL" as const } : {}),
  });
  // A git that ends before it has read everything is told by its exit code, not by the broken pipe.
  child.stdin.on("error", () => {});
  return child;
}

/** The exit code, null when killed. Rejects with `UnavailableError` when there is no git to run. */
export function exitOf(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ENOENT") return;
      reject(new UnavailableError("The git program was not found.", { cause, mend: "Install git, version 2.31 or newer." }));
    });
  });
  // It may reject before the caller gets round to waiting for it.
  ended.catch(() => {});
  return ended;
}

/** The text on stderr so far, its end when it is long. */
export function collectText(child: ChildProcessWithoutNullStreams): () => string {
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text = (text + chunk).slice(-MAX_STDERR_CHARS)));
  return () => text;
}

/** `https://user:secret@host` becomes `https://***@host`. */
export function redactCredentials(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/\s'"]*@/gi, "$1***@");
}

function commandOf({ args }: GitCall): string {
  return args.find((arg) => /^[a-z]/.test(arg)) ?? "";
}

function environment(network: boolean): Record<string, string> {
  const passed = network ? NETWORK_VARIABLES : [];
  return {
    PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    LC_ALL: "C",
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "http:https:ssh:file",
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes",
    ...Object.fromEntries(passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
  };
}

async function feed(child: ChildProcessWithoutNullStreams, input: GitCall["input"]): Promise<void> {
  if (input === undefined || typeof input === "string" || input instanceof Uint8Array) {
    child.stdin.end(input);
    return;
  }
  await pipeline(input, child.stdin).catch(() => {});
}
