import { createReadStream } from "node:fs";
import { appendFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type LogStream = "stdout" | "stderr" | "roadbed";

export interface LogLine {
  /** 1, 2, 3, …; goes on over restarts. */
  readonly seq: number;
  readonly at: string;
  readonly stream: LogStream;
  readonly message: string;
}

/** What a workload printed, in files that rotate: the oldest are dropped. */
export interface LogFile {
  write(stream: LogStream, message: string): void;
  /** Lines after `after`, oldest first; waits up to `waitMs` for the first one. `next` is what to give as `after` the next time. */
  read(o: {
    readonly after: number;
    readonly limit: number;
    readonly waitMs?: number;
    readonly signal?: AbortSignal;
  }): Promise<{ items: LogLine[]; next: number }>;
  /** The newest lines of the processes (not the platform's own remarks), for error messages. */
  tail(lines: number): string[];
  /** The same files for one process: its `tail` holds only what was written through it, whatever else is running. */
  part(): LogFile;
  /** The number of the newest line. */
  position(): number;
  /** Everything that was written is in the file. */
  flushed(): Promise<void>;
}

export interface LogFileOptions {
  readonly dir: string;
  /** Applied to each message before it is kept. */
  readonly redact?: (message: string) => string;
  /** A new file is begun above this. Default 2 MB. */
  readonly maxFileBytes?: number;
  /** How many files are kept. Default 5. */
  readonly maxFiles?: number;
}

const RECENT = 1_000;
const MAX_MESSAGE_CHARS = 8_000;
const FILE = /^\d{12}\.jsonl$/;

export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  const { dir, redact = (message) => message, maxFileBytes = 2 * 2 ** 20, maxFiles = 5 } = options;
  await mkdir(dir, { recursive: true });
  let file = (await filesOf(dir)).at(-1);
  let bytes = file === undefined ? 0 : (await stat(join(dir, file))).size;
  const recent: LogLine[] = file === undefined ? [] : (await readLines(join(dir, file), 0, Infinity)).slice(-RECENT);
  let seq = recent.at(-1)?.seq ?? (file === undefined ? 0 : Number(file.slice(0, 12)) - 1);
  // A line that was cut off when the server was killed must not swallow the next one.
  let waiting: { readonly seq: number; readonly text: string }[] = bytes > 0 ? [{ seq: seq + 1, text: "\n" }] : [];
  let waitingChars = 0;
  let writing: Promise<void> | undefined;
  const readers = new Set<() => void>();

  async function drain(): Promise<void> {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      if (file === undefined || bytes > maxFileBytes) {
        file = `${String(first.seq).padStart(12, "0")}.jsonl`;
        bytes = 0;
        const old = (await filesOf(dir)).filter((name) => name !== file);
        await Promise.all(old.slice(0, Math.max(0, old.length - maxFiles + 1)).map((name) => rm(join(dir, name), { force: true })));
      }
      const text = take();
      // A full disk loses lines, never the workload.
      await appendFile(join(dir, file), text).catch(() => {});
      bytes += Buffer.byteLength(text);
    }
    writing = undefined;
  }

  /** Lines until this file is full, however far behind the disk is. */
  function take(): string {
    let count = 0;
    for (let size = bytes; count < waiting.length && size <= maxFileBytes; count++) size += waiting[count]!.text.length;
    const text = waiting
      .splice(0, count)
      .map((line) => line.text)
      .join("");
    waitingChars -= text.length;
    return text;
  }

  /** Whoever prints faster than the disk writes loses the oldest lines before they are written, as they would a moment later. */
  function forgetOldest(): void {
    waiting = waiting.slice(waiting.length >> 1);
    waitingChars = waiting.reduce((sum, { text }) => sum + text.length, 0);
  }

  async function stored(after: number, limit: number): Promise<LogLine[]> {
    if (recent.length > 0 && after >= recent[0]!.seq - 1) return recent.filter((line) => line.seq > after).slice(0, limit);
    await writing;
    return readLogFiles(dir, after, limit);
  }

  const append = (stream: LogStream, message: string): LogLine => {
    const line: LogLine = { seq: ++seq, at: new Date().toISOString(), stream, message: redact(message).slice(0, MAX_MESSAGE_CHARS) };
    keep(recent, line);
    const text = `${JSON.stringify(line)}\n`;
    waiting.push({ seq, text });
    waitingChars += text.length;
    if (waitingChars > maxFileBytes * maxFiles) forgetOldest();
    writing ??= Promise.resolve().then(drain);
    for (const wake of readers) wake();
    return line;
  };

  const log: LogFile = {
    write: (stream, message) => void append(stream, message),
    async read({ after, limit, waitMs = 0, signal }) {
      if (seq <= after && waitMs > 0) await nextLine(readers, waitMs, signal);
      const items = await stored(after, limit);
      return { items, next: items.at(-1)?.seq ?? Math.min(after, seq) };
    },
    tail: (lines) => tailOf(recent, lines),
    part() {
      const own: LogLine[] = [];
      return { ...log, write: (stream, message) => keep(own, append(stream, message)), tail: (lines) => tailOf(own, lines) };
    },
    position: () => seq,
    flushed: async () => {
      while (writing !== undefined) await writing;
    },
  };
  return log;
}

function keep(lines: LogLine[], line: LogLine): void {
  lines.push(line);
  if (lines.length > 2 * RECENT) lines.splice(0, RECENT);
}

function tailOf(lines: readonly LogLine[], count: number): string[] {
  return lines
    .filter(({ stream }) => stream !== "roadbed")
    .slice(-count)
    .map(({ message }) => message);
}

function nextLine(readers: Set<() => void>, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      readers.delete(done);
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    readers.add(done);
    signal?.addEventListener("abort", done);
  });
}

/** Lines of files that perhaps another process writes, oldest first. None where there is no such folder. */
export async function readLogFiles(dir: string, after: number, limit: number): Promise<LogLine[]> {
  const names = await filesOf(dir).catch(() => []);
  const first = names.findLastIndex((name) => Number(name.slice(0, 12)) <= after + 1);
  const lines: LogLine[] = [];
  for (const name of names.slice(Math.max(first, 0))) {
    if (lines.length < limit) lines.push(...(await readLines(join(dir, name), after, limit - lines.length)));
  }
  return lines;
}

async function filesOf(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => FILE.test(name)).sort();
}

async function readLines(path: string, after: number, limit: number): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const input = createReadStream(path, "utf8");
  // Opened a moment ago by name; it may have been rotated away since.
  input.on("error", () => {});
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    const line = parseLine(text);
    if (line === undefined || line.seq <= after) continue;
    lines.push(line);
    if (lines.length >= limit) break;
  }
  input.destroy();
  return lines;
}

function parseLine(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as LogLine;
    return Number.isInteger(line.seq) ? line : undefined;
  } catch {
    return undefined;
  }
}
