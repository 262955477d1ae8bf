import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";

import { InvalidError, TooLargeError, TooManyError } from "@roadbed/core";

export const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Each may grow to the limit, so few at once. */
const MAX_INFLATING = 4;
const MAX_WAITING = 64;

/** How each encoding is unpacked; Node knows zstd itself. */
const UNPACKERS = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) } as const;
type Encoding = keyof typeof UNPACKERS;
const TOO_LARGE = { mend: "Send smaller batches (the exporter's maxExportBatchSize)." };

export interface Inflater {
  /** The body without its packing. Throws TOO_LARGE beyond 16 MB, INVALID when it is not what its encoding says. */
  inflate(body: Uint8Array, encoding: string | undefined): Promise<Uint8Array>;
}

/** Unpacks off the main thread and stops at the limit, so a bomb never unfolds. */
export function createInflater(): Inflater {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function unpackInTurn(body: Uint8Array, encoding: Encoding): Promise<Uint8Array> {
    if (running >= MAX_INFLATING) {
      if (waiting.length >= MAX_WAITING) throw new TooManyError("Too many packed requests wait to be read.", 1);
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await UNPACKERS[encoding](body, { maxOutputLength: MAX_BODY_BYTES });
    } catch (error) {
      throw toDomainError(error, encoding);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  return {
    async inflate(body, encoding = "identity") {
      const name = encoding.trim().toLowerCase();
      if (body.byteLength > MAX_BODY_BYTES) throw tooLarge();
      if (name === "identity" || name === "") return body;
      if (name === "gzip" || name === "zstd") return unpackInTurn(body, name);
      throw new InvalidError(`Content-Encoding ${encoding} is not supported.`, { mend: "Use gzip or zstd, or send the body unpacked." });
    },
  };
}

function toDomainError(error: unknown, encoding: Encoding): Error {
  if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return tooLarge();
  return new InvalidError(`The body is not ${encoding}, though Content-Encoding says so.`, { cause: error });
}

function tooLarge(): TooLargeError {
  return new TooLargeError(`The request is more than ${MAX_BODY_BYTES / 1024 / 1024} MB unpacked.`, TOO_LARGE);
}
