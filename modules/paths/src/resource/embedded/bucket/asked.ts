import type { IncomingMessage, ServerResponse } from "node:http";

import type { BlobStore, Received } from "./blob-store.ts";
import type { BucketIndex } from "./bucket-index.ts";
import { refuseBeyond, type BucketRow, type ObjectRow } from "./bucket-rows.ts";
import { S3Error } from "./s3-error.ts";
import type { Signer } from "./signature.ts";

/** One request whose signature is right. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly bucket: BucketRow;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly signer: Signer;
}

export interface Stores {
  readonly index: BucketIndex;
  readonly blobs: BlobStore;
}

const MOST_META = 2_048;
/** Headers that an object is given back with. */
const KEPT = ["content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires"];
/** The body as a file, when it is the one that was signed and there is room for it in place of `old` bytes. Throws `S3Error`. */
export async function receiveBody(blobs: BlobStore, { request, bucket, signer }: Asked, old: string): Promise<Received> {
  if (request.headers["x-amz-copy-source"] !== undefined)
    throw new S3Error("NotImplemented", "Copies are not made here: get it and put it.");
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  if (!Number.isInteger(length)) throw new S3Error("MissingContentLength", "The length of the body must be given.");
  refuseBeyond(bucket, length - Number(old), 0);
  const got = await blobs.receive(bucket.resource, request, length);
  try {
    if (got.size !== length) throw new S3Error("IncompleteBody", `${got.size} bytes came instead of ${length}.`);
    if (signer.bodyHash !== undefined && signer.bodyHash !== got.sha256)
      throw new S3Error("XAmzContentSHA256Mismatch", "The body is not the one that was signed.");
    const digest = request.headers["content-md5"];
    if (digest !== undefined && digest !== Buffer.from(got.md5, "hex").toString("base64"))
      throw new S3Error("BadDigest", "The body does not have the hash of content-md5.");
    return got;
  } catch (error) {
    await blobs.remove(bucket.resource, got.blob);
    throw error;
  }
}

/** What an object is given back with: some headers, and the metadata of whoever put it. */
export function headersOf({ headers }: IncomingMessage): ObjectRow["headers"] {
  const meta = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  if (meta.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0) > MOST_META)
    throw new S3Error("InvalidArgument", `Metadata may have ${MOST_META} bytes.`);
  const kept = KEPT.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])] as const]));
  return { "content-type": "binary/octet-stream", ...Object.fromEntries([...kept, ...meta.map(([name, value]) => [name, String(value)])]) };
}

/** Answers with a whole body. */
export function send(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  const length = status === 204 || status === 304 ? {} : { "content-length": String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...(body === "" ? {} : { "content-type": "application/xml" }), ...headers, ...length });
  response.end(body);
}
