import { createWriteStream, mkdirSync, readdirSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { FaceFailure } from "./errors.ts";

/** Bodies of inserts, as files the engine reads: its own inline path breaks binary data. */
export interface Spool {
  /** Writes a whole upload; one that was cut leaves no file and throws. */
  receive(body: IncomingMessage, extension: string): Promise<SpoolFile>;
  store(body: Uint8Array): Promise<SpoolFile>;
}

export interface SpoolFile {
  readonly path: string;
  readonly bytes: number;
  remove(): Promise<void>;
}

/** Uses `dir` alone: what an earlier process left there is deleted. */
export function createSpool(dir: string): Spool {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { force: true });
  let count = 0;

  function fileOf(path: string, bytes: number): SpoolFile {
    return { path, bytes, remove: () => rm(path, { force: true }) };
  }

  return {
    async receive(body, extension) {
      const path = join(dir, `${++count}${extension}`);
      const file = createWriteStream(path, { mode: 0o600 });
      try {
        await pipeline(body, file);
        if (!body.complete) throw new FaceFailure(210, "NETWORK_ERROR", "The upload was cut; nothing was inserted.");
        return fileOf(path, file.bytesWritten);
      } catch (error) {
        await rm(path, { force: true });
        throw spoolFailure(error);
      }
    },
    async store(body) {
      const path = join(dir, String(++count));
      try {
        await writeFile(path, body, { mode: 0o600 });
        return fileOf(path, body.byteLength);
      } catch (error) {
        await rm(path, { force: true });
        throw spoolFailure(error);
      }
    },
  };
}

function spoolFailure(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error;
  return new FaceFailure(243, "NOT_ENOUGH_SPACE", "The disk is full; the rows were not inserted.");
}
