import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";

import { headersOf, receiveBody, send, type Asked, type Stores } from "./asked.ts";
import type { BlobStore } from "./blob-store.ts";
import { S3Error, xml } from "./s3-error.ts";
import { noUpload, type PartRow, type UploadRow } from "./upload-index.ts";

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const MOST_PARTS = 10_000;
const MOST_XML = 2_000_000;
/** What nobody goes on with for so long is given up. */
const ABANDONED_MS = 7 * 86_400_000;

/** Whether a request is about an object that comes in parts. */
export function isMultipart({ key, query }: Pick<Asked, "key" | "query">): boolean {
  return query.has("uploads") || (key !== "" && query.has("uploadId"));
}

/** Does what is asked of an object in parts, in the words of S3. Throws `S3Error`. */
export async function answerMultipart(stores: Stores, asked: Asked): Promise<void> {
  const { request, key, query } = asked;
  const verb = `${request.method} ${key === "" ? "bucket" : query.has("uploads") ? "uploads" : "upload"}`;
  switch (verb) {
    case "GET bucket":
      return listUploads(stores, asked);
    case "POST uploads":
      return begin(stores, asked);
    case "PUT upload":
      return putPart(stores, asked);
    case "GET upload":
      return listParts(stores, asked);
    case "POST upload":
      return complete(stores, asked);
    case "DELETE upload":
      return abort(stores, asked);
    default:
      throw new S3Error("MethodNotAllowed", `${request.method} is not taken here.`);
  }
}

async function begin({ index, blobs }: Stores, { request, response, bucket, key }: Asked): Promise<void> {
  const gone = await index.abandon(bucket.name, new Date(Date.now() - ABANDONED_MS));
  for (const blob of gone) await blobs.remove(bucket.resource, blob);
  const id = await index.begin(bucket.name, key, headersOf(request));
  const inner = `<Bucket>${xml(bucket.name)}</Bucket><Key>${xml(key)}</Key><UploadId>${id}</UploadId>`;
  send(response, 200, `<InitiateMultipartUploadResult ${NAMESPACE}>${inner}</InitiateMultipartUploadResult>`);
}

async function putPart({ index, blobs }: Stores, asked: Asked): Promise<void> {
  const { response, bucket, query } = asked;
  const number = Number(query.get("partNumber"));
  if (!Number.isInteger(number) || number < 1 || number > MOST_PARTS)
    throw new S3Error("InvalidArgument", `partNumber must be from 1 to ${MOST_PARTS}.`);
  const upload = await find(index, asked);
  const got = await receiveBody(blobs, asked, (await index.parts(upload.id)).find((part) => part.number === number)?.size ?? "0");
  let gone: string | undefined;
  try {
    gone = await index.putPart(bucket.name, upload.id, { number, size: got.size, etag: got.md5, blob: got.blob });
  } catch (error) {
    await blobs.remove(bucket.resource, got.blob);
    throw error;
  }
  if (gone !== undefined) await blobs.remove(bucket.resource, gone);
  send(response, 200, "", { etag: `"${got.md5}"` });
}

/** The parts become one file, as any object is one; then the object is there and the parts are not, at once. */
async function complete({ index, blobs }: Stores, asked: Asked): Promise<void> {
  const { request, response, bucket, key } = asked;
  const upload = await find(index, asked);
  const parts = chosen(await bodyOf(asked), await index.parts(upload.id));
  const size = parts.reduce((sum, part) => sum + Number(part.size), 0);
  const etag = `${createHash("md5")
    .update(Buffer.from(parts.map((part) => part.etag).join(""), "hex"))
    .digest("hex")}-${parts.length}`;
  const got = await blobs.receive(bucket.resource, together(blobs, bucket.resource, parts), size);
  let gone: readonly string[];
  try {
    const object = { key, size, etag, headers: upload.headers, blob: got.blob };
    gone = await index.put(bucket.name, object, { onlyNew: request.headers["if-none-match"] === "*", ends: upload.id });
  } catch (error) {
    await blobs.remove(bucket.resource, got.blob);
    throw error;
  }
  for (const blob of gone) await blobs.remove(bucket.resource, blob);
  const inner = `<Bucket>${xml(bucket.name)}</Bucket><Key>${xml(key)}</Key><ETag>&quot;${etag}&quot;</ETag>`;
  send(response, 200, `<CompleteMultipartUploadResult ${NAMESPACE}>${inner}</CompleteMultipartUploadResult>`);
}

async function abort({ index, blobs }: Stores, { response, bucket, query }: Asked): Promise<void> {
  const gone = await index.abort(bucket.name, idOf(query));
  if (gone === undefined) throw noUpload();
  for (const blob of gone) await blobs.remove(bucket.resource, blob);
  send(response, 204, "");
}

async function listParts({ index }: Stores, asked: Asked): Promise<void> {
  const { response, bucket, key, query } = asked;
  const upload = await find(index, asked);
  const after = Number(query.get("part-number-marker") ?? 0);
  const most = Math.min(Number(query.get("max-parts") ?? 1_000) || 1_000, 1_000);
  const all = (await index.parts(upload.id)).filter(({ number }) => number > after);
  const shown = all.slice(0, most);
  const items = shown.map(
    ({ number, size, etag, at }) =>
      `<Part><PartNumber>${number}</PartNumber><LastModified>${at.toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size></Part>`,
  );
  const more = all.length > most;
  const next = more ? `<NextPartNumberMarker>${shown.at(-1)?.number}</NextPartNumberMarker>` : "";
  const head = `<Bucket>${xml(bucket.name)}</Bucket><Key>${xml(key)}</Key><UploadId>${upload.id}</UploadId><MaxParts>${most}</MaxParts>`;
  send(response, 200, `<ListPartsResult ${NAMESPACE}>${head}<IsTruncated>${more}</IsTruncated>${next}${items.join("")}</ListPartsResult>`);
}

async function listUploads({ index }: Stores, { response, bucket, query }: Asked): Promise<void> {
  const prefix = query.get("prefix") ?? "";
  const found = (await index.uploads(bucket.name)).filter(({ key }) => key.startsWith(prefix));
  const items = found.map(
    ({ key, id, at }) => `<Upload><Key>${xml(key)}</Key><UploadId>${id}</UploadId><Initiated>${at.toISOString()}</Initiated></Upload>`,
  );
  const head = `<Bucket>${xml(bucket.name)}</Bucket><IsTruncated>false</IsTruncated>`;
  send(response, 200, `<ListMultipartUploadsResult ${NAMESPACE}>${head}${items.join("")}</ListMultipartUploadsResult>`);
}

async function find(index: Stores["index"], { bucket, key, query }: Asked): Promise<UploadRow> {
  const found = await index.upload(bucket.name, key, idOf(query));
  if (found === undefined) throw noUpload();
  return found;
}

function idOf(query: URLSearchParams): string {
  const id = query.get("uploadId") ?? "";
  if (!/^[0-9a-f-]{36}$/.test(id)) throw noUpload();
  return id;
}

/** The parts that are named, in their order. Throws `S3Error` for one that is not there, or not as it is named. */
export function chosen(body: string, parts: readonly PartRow[]): PartRow[] {
  const known = new Map(parts.map((part) => [part.number, part]));
  const named = [...body.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, inner = ""]) => ({
    number: Number(/<PartNumber>\s*(\d+)\s*<\/PartNumber>/.exec(inner)?.[1] ?? Number.NaN),
    etag: (/<ETag>([\s\S]*?)<\/ETag>/.exec(inner)?.[1] ?? "").replaceAll(/&quot;|&#34;|"|\s/g, ""),
  }));
  if (named.length === 0) throw new S3Error("MalformedXML", "Name the parts: <CompleteMultipartUpload><Part>…");
  return named.map(({ number, etag }, at) => {
    if (at > 0 && number <= named[at - 1]!.number) throw new S3Error("InvalidPartOrder", "The parts must be named in their order.");
    const part = known.get(number);
    if (part === undefined || part.etag !== etag)
      throw new S3Error("InvalidPart", `The part ${number} is not there, or is not the one that is named.`);
    return part;
  });
}

async function* together(blobs: BlobStore, bucket: string, parts: readonly PartRow[]): AsyncGenerator<Uint8Array> {
  for (const { blob } of parts) yield* blobs.read(bucket, blob) as AsyncIterable<Uint8Array>;
}

async function bodyOf({ request, signer }: Asked): Promise<string> {
  const body = await readAll(request);
  if (signer.bodyHash !== undefined && signer.bodyHash !== createHash("sha256").update(body).digest("hex"))
    throw new S3Error("XAmzContentSHA256Mismatch", "The body is not the one that was signed.");
  return body.toString("utf8");
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_XML) throw new S3Error("EntityTooLarge", "The list of parts is too long.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
