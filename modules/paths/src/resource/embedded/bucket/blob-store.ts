import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";

import { S3Error } from "./s3-error.ts";

/** One object's bytes as they came in. */
export interface Received {
  readonly blob: string;
  readonly size: number;
  readonly md5: string;
  readonly sha256: string;
}

/** Files of the buckets, one folder for each: `res_1/ab/ab12….` Written once under a name of its own and never changed. */
export interface BlobStore {
  /** Takes a body into a file that is wholly on disk when this resolves. Throws `S3Error` beyond `most` bytes; nothing stays then. */
  receive(bucket: string, body: AsyncIterable<Uint8Array>, most: number): Promise<Received>;
  read(bucket: string, blob: string, range?: { readonly start: number; readonly end: number }): Readable;
  remove(bucket: string, blob: string): Promise<void>;
  /** Names of all files; undefined where the folder is gone. */
  list(bucket: string): Promise<readonly string[] | undefined>;
  ensure(bucket: string): Promise<void>;
  removeAll(bucket: string): Promise<void>;
  /** Takes away what a killed server left: files that no object names and that nobody writes any more. */
  sweep(bucket: string, named: ReadonlySet<string>): Promise<number>;
}

/** Younger ones may be those of a request that is under way. */
const LEFT_MS = 10 * 60_000;
const INCOMING = "incoming";

export function createBlobStore(root: string): BlobStore {
  const fileOf = (bucket: string, blob: string): string => join(root, bucket, blob.slice(0, 2), blob);
  async function list(bucket: string): Promise<string[] | undefined> {
    const entries = await readdir(join(root, bucket), { recursive: true, withFileTypes: true }).catch(() => undefined);
    return entries?.filter((entry) => entry.isFile() && !entry.parentPath.endsWith(INCOMING)).map(({ name }) => name);
  }

  return {
    async receive(bucket, body, most) {
      const blob = randomUUID();
      const draft = join(root, bucket, INCOMING, blob);
      await mkdir(join(root, bucket, INCOMING), { recursive: true, mode: 0o700 });
      const file = await open(draft, "wx", 0o600);
      const [md5, sha256] = [createHash("md5"), createHash("sha256")];
      let size = 0;
      try {
        for await (const chunk of body) {
          size += chunk.byteLength;
          if (size > most)
            throw new S3Error("QuotaExceeded", `The bucket has no room for more than ${most} bytes. Ask for a larger class.`);
          md5.update(chunk);
          sha256.update(chunk);
          await file.write(chunk);
        }
        await file.sync();
        await file.close();
        await mkdir(join(root, bucket, blob.slice(0, 2)), { recursive: true, mode: 0o700 });
        await rename(draft, fileOf(bucket, blob));
      } catch (error) {
        await file.close().catch(() => {});
        await rm(draft, { force: true });
        throw error;
      }
      return { blob, size, md5: md5.digest("hex"), sha256: sha256.digest("hex") };
    },
    read: (bucket, blob, range) => createReadStream(fileOf(bucket, blob), range),
    remove: (bucket, blob) => rm(fileOf(bucket, blob), { force: true }),
    list,
    ensure: async (bucket) => void (await mkdir(join(root, bucket, INCOMING), { recursive: true, mode: 0o700 })),
    removeAll: (bucket) => rm(join(root, bucket), { recursive: true, force: true }),
    async sweep(bucket, named) {
      let swept = 0;
      const drop = async (path: string): Promise<void> => {
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
        if (Date.now() - mtimeMs < LEFT_MS) return;
        await rm(path, { force: true });
        swept++;
      };
      for (const blob of (await list(bucket)) ?? []) if (!named.has(blob)) await drop(fileOf(bucket, blob));
      for (const draft of await readdir(join(root, bucket, INCOMING)).catch(() => [])) await drop(join(root, bucket, INCOMING, draft));
      return swept;
    },
  };
}
