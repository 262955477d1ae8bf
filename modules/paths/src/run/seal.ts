import { createCipheriv, createDecipheriv, randomBytes, type DecipherGCM } from "node:crypto";
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { ConflictError } from "@roadbed/core";

/** What a run needs to go on after a restart and nobody may read in the database. */
export interface Sealed {
  readonly values: Record<string, unknown>;
  readonly secrets: Record<string, string>;
}

/** Encrypts for the database. */
export interface Sealer {
  seal(content: Sealed, runId: string): Promise<Buffer>;
  /** Throws `ConflictError` when it was sealed for another run or with another key. */
  open(sealed: Buffer, runId: string): Promise<Sealed>;
}

const [IV, TAG] = [12, 16];

/**
 * AES-256-GCM with the key that was given, which servers that share a database need; else with one that is made once and kept
 * in `dataDir`, readable by the server's user only.
 */
export function createSealer(dataDir: string, given?: Buffer): Sealer {
  let key = given === undefined ? undefined : Promise.resolve(given);
  const readKey = (): Promise<Buffer> => (key ??= keyIn(dataDir).catch((error: unknown) => ((key = undefined), Promise.reject(error))));

  return {
    async seal(content, runId) {
      const iv = randomBytes(IV);
      const cipher = createCipheriv("aes-256-gcm", await readKey(), iv).setAAD(Buffer.from(runId));
      const body = Buffer.concat([cipher.update(JSON.stringify(content), "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    async open(sealed, runId) {
      const decipher = createDecipheriv("aes-256-gcm", await readKey(), sealed.subarray(0, IV)).setAAD(Buffer.from(runId));
      decipher.setAuthTag(sealed.subarray(IV, IV + TAG));
      const body = decipher.update(sealed.subarray(IV + TAG));
      return JSON.parse(Buffer.concat([body, finish(decipher)]).toString("utf8")) as Sealed;
    },
  };
}

function finish(decipher: DecipherGCM): Buffer {
  try {
    return decipher.final();
  } catch (cause) {
    // Trying again does not help, and the other server may not come back.
    throw new ConflictError("What this run was given cannot be read here: it was sealed with another key.", {
      mend: "Start it anew. Servers that share a database need the same ROADBED_SECRET_KEY; a restored one its paths/run-secrets.key.",
      cause,
    });
  }
}

/** Two processes may start at once: the link makes one of them the winner, and both read what it wrote. */
async function keyIn(dataDir: string): Promise<Buffer> {
  const file = join(dataDir, "run-secrets.key");
  const found = await readFile(file).catch(() => undefined);
  if (found?.length === 32) return found;
  await mkdir(dataDir, { recursive: true });
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, randomBytes(32), { mode: 0o600 });
  await chmod(draft, 0o600);
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
  return readFile(file);
}
