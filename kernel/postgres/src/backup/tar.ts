import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

import { InvalidError } from "@roadbed/core";

const BLOCK = 512;
const CHUNK = 1024 * 1024;

/** Writes a gzipped tar, as every `tar` reads it. */
export interface TarWriter {
  /** A file that may change or shrink while it is read: it is stored with the size it had when it was opened. False when it is gone. */
  readonly addFile: (name: string, path: string) => Promise<boolean>;
  readonly addText: (name: string, text: string) => Promise<void>;
  readonly addFolder: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export function writeTar(file: string): TarWriter {
  const gzip = createGzip({ level: 1 });
  const done = pipeline(gzip, createWriteStream(file, { mode: 0o600, flags: "wx" }));
  // Seen by the next write, or by close.
  done.catch(() => {});
  const write = (bytes: Uint8Array): Promise<void> => writeAll(gzip, bytes, done);

  return {
    addFile: async (name, path) => {
      const handle = await openIfThere(path);
      if (handle === undefined) return false;
      try {
        const { size } = await handle.stat();
        await write(header(name, size, "0"));
        await copy(handle, size, write);
      } finally {
        await handle.close();
      }
      return true;
    },
    addText: async (name, text) => {
      const bytes = Buffer.from(text);
      await write(header(name, bytes.length, "0"));
      await write(padded(bytes));
    },
    addFolder: (name) => write(header(`${name}/`, 0, "5")),
    close: async () => {
      await write(Buffer.alloc(2 * BLOCK));
      gzip.end();
      await done;
    },
  };
}

/**
 * Unpacks a gzipped tar into `folder`. Only files and folders; a name that would leave the folder is refused (`InvalidError`).
 * `accept` sees each name first; what it answers false to is skipped.
 */
export async function readTar(file: string, folder: string, accept: (name: string) => boolean = () => true): Promise<void> {
  const source = createReadStream(file);
  const stream = source.pipe(createGunzip());
  source.once("error", (error) => stream.destroy(error));
  const reader = chunksOf(stream);
  for (;;) {
    const head = await reader.take(BLOCK);
    if (head === undefined) throw new InvalidError("The backup ends too early.", { mend: "Use a whole copy of the file." });
    if (head.every((byte) => byte === 0)) return;
    const { name, size, type } = readHeader(head);
    const path = inside(folder, name);
    if (type === "5") mkdirSync(path, { recursive: true, mode: 0o700 });
    else await writeEntry(reader, accept(name) ? path : undefined, size);
  }
}

async function copy(handle: FileHandle, size: number, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  for (let left = size; left > 0;) {
    const chunk = Buffer.alloc(Math.min(CHUNK, left));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length);
    // Shorter than it was: the rest stays zero, and the recovery after a restore writes it anew.
    const bytes = bytesRead === 0 ? chunk : chunk.subarray(0, bytesRead);
    left -= bytes.length;
    await write(left === 0 ? Buffer.concat([bytes, Buffer.alloc(paddingOf(size))]) : bytes);
  }
}

async function writeAll(stream: Writable, bytes: Uint8Array, done: Promise<void>): Promise<void> {
  if (stream.destroyed) return done;
  if (stream.write(bytes)) return;
  await Promise.race([new Promise((drained) => stream.once("drain", drained)), done]);
}

async function writeEntry(reader: ChunkReader, path: string | undefined, size: number): Promise<void> {
  if (path !== undefined) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const handle = path === undefined ? undefined : await open(path, "wx", 0o600);
  try {
    for (let left = size; left > 0;) {
      const chunk = await reader.take(Math.min(CHUNK, left));
      if (chunk === undefined) throw new InvalidError("The backup ends too early.", { mend: "Use a whole copy of the file." });
      left -= chunk.length;
      await handle?.write(chunk);
    }
    await handle?.sync();
  } finally {
    await handle?.close();
  }
  if (paddingOf(size) > 0) await reader.take(paddingOf(size));
}

function header(name: string, size: number, type: "0" | "5"): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`too long for a tar header: ${name}`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(type === "5" ? "0000700\0" : "0000600\0", 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("00000000000\0", 136);
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function readHeader(block: Buffer): { name: string; size: number; type: string } {
  const stored = Number.parseInt(text(block, 148, 8), 8);
  const summed = Buffer.from(block)
    .fill(" ", 148, 156)
    .reduce((total, byte) => total + byte, 0);
  if (stored !== summed) throw new InvalidError("The file is no backup, or it is damaged.", { mend: "Use a whole copy of the file." });
  return { name: text(block, 0, 100), size: Number.parseInt(text(block, 124, 12), 8), type: text(block, 156, 1) };
}

function inside(folder: string, name: string): string {
  const path = resolve(folder, name);
  if (path !== resolve(folder) && !path.startsWith(resolve(folder) + sep)) {
    throw new InvalidError(`The backup holds a name that leads out of its folder: ${join("/", name)}`);
  }
  return path;
}

interface ChunkReader {
  /** Exactly so many bytes, or undefined at the end. */
  readonly take: (length: number) => Promise<Buffer | undefined>;
}

function chunksOf(stream: Readable): ChunkReader {
  const source = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  return {
    take: async (length) => {
      const parts: Buffer[] = [];
      for (let have = 0; have < length;) {
        if (rest.length === 0) {
          const next = await source.next();
          if (next.done === true) return undefined;
          rest = next.value;
        }
        const part = rest.subarray(0, length - have);
        rest = rest.subarray(part.length);
        have += part.length;
        parts.push(part);
      }
      return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    },
  };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]);
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function text(block: Buffer, from: number, length: number): string {
  const end = block.indexOf(0, from);
  return block.toString("utf8", from, end >= 0 && end < from + length ? end : from + length).trim();
}
