import { createCipheriv, createDecipheriv, randomBytes, type DecipherGCM } from "node:crypto";
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { ConflictError } from "@roadbed/core";

/** Encrypts for the database what nobody may read there. `subject` is what it belongs to: it opens for nothing else. */
export interface Sealer {
  seal(content: unknown, subject: string): Promise<Buffer>;
  /** Throws `ConflictError` when it was sealed for another subject or with another key. */
  open<T>(sealed: Buffer, subject: string): Promise<T>;
}

export interface SealerOptions {
  /** Where a key is kept that was made once, readable by the server's user only. */
  readonly file: string;
  /** The key that was given, which servers that share a database need. */
  readonly key?: Buffer | undefined;
  /** What cannot be read, and what to do then, for people. */
  readonly said: { readonly what: string; readonly mend: string };
}

const [IV, TAG] = [12, 16];

/** AES-256-GCM with the key that was given, else with the one in the file. */
export function createSealer({ file, key: given, said }: SealerOptions): Sealer {
  let key = given === undefined ? undefined : Promise.resolve(given);
  const readKey = (): Promise<Buffer> => (key ??= keyIn(file).catch((error: unknown) => ((key = undefined), Promise.reject(error))));

  return {
    async seal(content, subject) {
      const iv = randomBytes(IV);
      const cipher = createCipheriv("aes-256-gcm", await readKey(), iv).setAAD(Buffer.from(subject));
      const body = Buffer.concat([cipher.update(JSON.stringify(content), "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    async open<T>(sealed: Buffer, subject: string) {
      const decipher = createDecipheriv("aes-256-gcm", await readKey(), sealed.subarray(0, IV)).setAAD(Buffer.from(subject));
      decipher.setAuthTag(sealed.subarray(IV, IV + TAG));
      const body = decipher.update(sealed.subarray(IV + TAG));
      return JSON.parse(Buffer.concat([body, finish(decipher, said)]).toString("utf8")) as T;
    },
  };
}

function finish(decipher: DecipherGCM, { what, mend }: SealerOptions["said"]): Buffer {
  try {
    return decipher.final();
  } catch (cause) {
    // Trying again does not help, and the other server may not come back.
    throw new ConflictError(`${what} cannot be read here: it was sealed with another key.`, { mend, cause });
  }
}

/** Two processes may start at once: the link makes one of them the winner, and both read what it wrote. */
async function keyIn(file: string): Promise<Buffer> {
  const found = await readFile(file).catch(() => undefined);
  if (found?.length === 32) return found;
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, randomBytes(32), { mode: 0o600 });
  await chmod(draft, 0o600);
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
  return readFile(file);
}
