import { pipeline } from "node:stream/promises";

import { headersOf, receiveBody, send, type Asked, type Stores } from "./asked.ts";
import { refuseBeyond } from "./bucket-rows.ts";
import { listObjects } from "./list-objects.ts";
import { answerMultipart, isMultipart } from "./multipart.ts";
import { S3Error } from "./s3-error.ts";
import { decode } from "./signature.ts";

/** What an address may say beside its signature; anything else asks for what is not there. */
const KNOWN = {
  list: ["list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner"],
  object: ["x-id"],
};

/** Does what is asked, in the words of S3. Throws `S3Error`. */
export async function answerRequest(stores: Stores, asked: Asked): Promise<void> {
  const { request, response, key, query, bucket } = asked;
  const verb = `${request.method} ${key === "" ? "bucket" : "object"}`;
  if (verb === "GET bucket" && query.has("location")) {
    return send(response, 200, '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>');
  }
  if (isMultipart(asked)) return answerMultipart(stores, asked);
  refuseUnknown(query, key === "" ? KNOWN.list : KNOWN.object);
  switch (verb) {
    case "HEAD bucket":
      return send(response, 200, "");
    case "GET bucket":
      return send(response, 200, await listObjects(stores.index, bucket.name, query));
    case "GET object":
    case "HEAD object":
      return getObject(stores, asked);
    case "PUT object":
      return putObject(stores, asked);
    case "DELETE object":
      return deleteObject(stores, asked);
    default:
      throw new S3Error("MethodNotAllowed", `${request.method} is not taken here.`);
  }
}

/** The bucket and key of `/bucket/key…`. */
export function placeOf(path: string): { readonly name: string; readonly key: string } {
  const [name = "", ...rest] = path.slice(1).split("/");
  const key = rest.map(decode).join("/");
  if (Buffer.byteLength(key) > 1_024) throw new S3Error("KeyTooLongError", "A key may have 1024 bytes.");
  // Neither the index nor an answer in XML can hold them.
  if (Array.from(key).some((char) => char < " ")) throw new S3Error("InvalidArgument", "A key may hold no control characters.");
  return { name: decode(name), key };
}

async function putObject({ index, blobs }: Stores, asked: Asked): Promise<void> {
  const { request, response, bucket, key } = asked;
  const before = await index.object(bucket.name, key);
  refuseBeyond(bucket, 0, before === undefined ? 1 : 0);
  const headers = headersOf(request);
  const got = await receiveBody(blobs, asked, before?.size ?? "0");
  let gone: readonly string[];
  try {
    const object = { key, size: got.size, etag: got.md5, headers, blob: got.blob };
    gone = await index.put(bucket.name, object, { onlyNew: request.headers["if-none-match"] === "*" });
  } catch (error) {
    await blobs.remove(bucket.resource, got.blob);
    throw error;
  }
  for (const blob of gone) await blobs.remove(bucket.resource, blob);
  send(response, 200, "", { etag: `"${got.md5}"` });
}

async function getObject({ index, blobs }: Stores, { request, response, bucket, key }: Asked): Promise<void> {
  const object = await index.object(bucket.name, key);
  if (object === undefined) throw new S3Error("NoSuchKey", "There is no such object.");
  const etag = `"${object.etag}"`;
  const [match, none] = [request.headers["if-match"], request.headers["if-none-match"]];
  if (match !== undefined && match !== "*" && match !== etag) throw new S3Error("PreconditionFailed", "It is another version.");
  const shown = {
    ...object.headers,
    etag,
    "last-modified": object.at.toUTCString(),
    "accept-ranges": "bytes",
    // Whatever a browser is shown here, it runs nothing of it.
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
  };
  if (none !== undefined && (none === "*" || none === etag)) return send(response, 304, "", shown);
  const range = rangeOf(request.headers.range, Number(object.size));
  response.writeHead(range === undefined ? 200 : 206, {
    ...shown,
    "content-length": range === undefined ? object.size : range.end - range.start + 1,
    ...(range === undefined ? {} : { "content-range": `bytes ${range.start}-${range.end}/${object.size}` }),
  });
  if (request.method === "HEAD" || object.size === "0") return void response.end();
  await pipeline(blobs.read(bucket.resource, object.blob, range), response);
}

async function deleteObject({ index, blobs }: Stores, { response, bucket, key }: Asked): Promise<void> {
  const blob = await index.take(bucket.name, key);
  if (blob !== undefined) await blobs.remove(bucket.resource, blob);
  send(response, 204, "");
}

/** One range of bytes; several at once are answered with the whole. Throws `S3Error` for one behind the end. */
export function rangeOf(text: string | undefined, size: number): { readonly start: number; readonly end: number } | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(text ?? "");
  if (parts === null || (parts[1] === "" && parts[2] === "")) return undefined;
  const [from, to] = [parts[1], parts[2]];
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (start >= size || end < start) throw new S3Error("InvalidRange", `The object has ${size} bytes.`);
  return { start, end };
}

function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  const odd = [...query.keys()].find((name) => !known.includes(name) && !name.startsWith("X-Amz-"));
  if (odd !== undefined) throw new S3Error("NotImplemented", `?${odd} is not taken here.`);
}
