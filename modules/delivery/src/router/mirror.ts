import { createHash, type Hash } from "node:crypto";
import { request as send, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";

import type { ArmMeter } from "./metrics.ts";

/** A request with a larger body is not copied. */
const MAX_BODY_BYTES = 256 * 1_024;
/** Of answers, this much is compared. */
const MAX_ANSWER_BYTES = 1_024 * 1_024;
const ANSWER_MS = 30_000;
/** More copies at once than this and the next requests are not copied: a slow candidate is not to fill the router's memory. */
const AT_ONCE = 64;
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** What was answered, to be compared: by status and by a digest of the content, as far as it was looked at. */
interface Answered {
  readonly status: number;
  readonly digest: string;
}

/** A request that is sent to another process as well. Nothing that happens to the copy is felt by whoever asked. */
export interface Mirrored {
  /** Once the answer that the caller gets has begun. */
  answered(answer: IncomingMessage): void;
  /** There will be no answer to compare with. */
  lost(): void;
}

export interface MirrorCall {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  /** Undefined where there is no body. */
  readonly body: Readable | undefined;
  readonly unsafe: boolean;
  readonly meter: ArmMeter;
}

let under = 0;

/** Undefined when it is not copied. */
export function mirrorRequest(call: MirrorCall): Mirrored | undefined {
  if ((!SAFE.has(call.method) && !call.unsafe) || under >= AT_ONCE) {
    call.meter.mirror("skipped");
    return undefined;
  }
  under++;
  const original = Promise.withResolvers<Answered | undefined>();
  void bodyOf(call.body)
    .then(async (body) => {
      if (body === undefined) return call.meter.mirror("skipped");
      call.meter.mirror("sent");
      const [copy, real] = await Promise.all([ask(call, body), original.promise]);
      if (copy === undefined) call.meter.mirror("failed");
      else if (real !== undefined) call.meter.mirror(copy.status === real.status && copy.digest === real.digest ? "same" : "different");
    })
    .finally(() => under--);
  return {
    answered: (answer) => void compared(answer, false).then(original.resolve),
    lost: () => original.resolve(undefined),
  };
}

/** All of it, once it was all sent; undefined when it is too large or breaks off. */
function bodyOf(body: Readable | undefined): Promise<Buffer | undefined> {
  if (body === undefined) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const see = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) return void chunks.push(chunk);
      body.off("data", see);
      resolve(undefined);
    };
    body.on("data", see);
    body.once("end", () => resolve(Buffer.concat(chunks)));
    body.once("close", () => resolve(undefined));
  });
}

function ask({ port, method, path, headers }: MirrorCall, body: Buffer): Promise<Answered | undefined> {
  return new Promise((resolve) => {
    const length = body.length > 0 ? { "content-length": body.length } : {};
    const request = send({
      host: "127.0.0.1",
      port,
      method,
      path,
      headers: { ...headers, ...length, "x-roadbed-mirrored": "1" },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    request.once("response", (answer) => {
      answer.once("error", () => resolve(undefined));
      void compared(answer, true).then(resolve);
    });
    request.once("error", () => resolve(undefined));
    request.end(body);
  });
}

/** `consume`: nobody else reads it. Undefined when it breaks off. */
function compared(answer: IncomingMessage, consume: boolean): Promise<Answered | undefined> {
  return new Promise((resolve) => {
    const hash: Hash = createHash("sha1");
    let bytes = 0;
    const done = (): void => resolve({ status: answer.statusCode ?? 0, digest: hash.copy().digest("base64") });
    const see = (chunk: Buffer): void => {
      hash.update(chunk.subarray(0, Math.max(0, MAX_ANSWER_BYTES - bytes)));
      bytes += chunk.length;
      if (bytes < MAX_ANSWER_BYTES) return;
      done();
      answer.off("data", see);
      if (consume) answer.destroy();
    };
    answer.on("data", see);
    answer.once("end", done);
    answer.once("close", () => resolve(undefined));
  });
}
