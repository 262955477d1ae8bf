import { LAST, type BucketIndex } from "./bucket-index.ts";
import type { ObjectRow } from "./bucket-rows.ts";
import { S3Error, xml } from "./s3-error.ts";
import { encode } from "./signature.ts";

const MOST = 1_000;

/** ListObjectsV2: keys below a prefix in the order of their bytes, and up to a delimiter as one. `batch`: so many are read at once. */
export async function listObjects(
  index: Pick<BucketIndex, "keys">,
  bucket: string,
  query: URLSearchParams,
  batch: number = MOST,
): Promise<string> {
  if (query.get("list-type") !== "2") throw new S3Error("NotImplemented", "Only list-type=2 is taken (ListObjectsV2).");
  const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
  const most = Number(query.get("max-keys") ?? MOST);
  if (!Number.isInteger(most) || most < 0) throw new S3Error("InvalidArgument", "max-keys must be a whole number.");
  const token = query.get("continuation-token");
  const after = token === null ? (query.get("start-after") ?? "") : Buffer.from(token, "base64url").toString("utf8");
  const { objects, prefixes, next } = await walk(index, bucket, { prefix, delimiter, after, batch, most: Math.min(most, MOST) });
  const said = query.get("encoding-type") === "url" ? (text: string) => xml(encode(text).replaceAll("%2F", "/")) : xml;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Name>${xml(bucket)}</Name><Prefix>${said(prefix)}</Prefix><MaxKeys>${most}</MaxKeys>`,
    `<KeyCount>${objects.length + prefixes.length}</KeyCount><IsTruncated>${next !== undefined}</IsTruncated>`,
    delimiter === "" ? "" : `<Delimiter>${said(delimiter)}</Delimiter>`,
    query.get("encoding-type") === "url" ? "<EncodingType>url</EncodingType>" : "",
    token === null ? "" : `<ContinuationToken>${xml(token)}</ContinuationToken>`,
    next === undefined ? "" : `<NextContinuationToken>${Buffer.from(next).toString("base64url")}</NextContinuationToken>`,
    ...objects.map(
      ({ key, size, etag, at }) =>
        `<Contents><Key>${said(key)}</Key><LastModified>${at.toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    ),
    ...prefixes.map((one) => `<CommonPrefixes><Prefix>${said(one)}</Prefix></CommonPrefixes>`),
    "</ListBucketResult>",
  ].join("");
}

interface Walked {
  readonly objects: readonly ObjectRow[];
  readonly prefixes: readonly string[];
  /** After what the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

async function walk(
  index: Pick<BucketIndex, "keys">,
  bucket: string,
  o: { readonly prefix: string; readonly delimiter: string; readonly after: string; readonly batch: number; readonly most: number },
): Promise<Walked> {
  const objects: ObjectRow[] = [];
  const prefixes: string[] = [];
  let { after } = o;
  for (;;) {
    // One more than is shown tells whether there is more.
    const rows = await index.keys(bucket, { prefix: o.prefix, after, limit: o.batch + 1 });
    for (const row of rows) {
      // Below a prefix that was just told.
      if (after.endsWith(LAST) && row.key.startsWith(after.slice(0, -LAST.length))) continue;
      if (objects.length + prefixes.length >= o.most) return { objects, prefixes, next: o.most === 0 ? undefined : after };
      const cut = o.delimiter === "" ? -1 : row.key.indexOf(o.delimiter, o.prefix.length);
      if (cut < 0) {
        objects.push(row);
        after = row.key;
      } else {
        const common = row.key.slice(0, cut + o.delimiter.length);
        prefixes.push(common);
        after = `${common}${LAST}`;
      }
    }
    if (rows.length <= o.batch) return { objects, prefixes, next: undefined };
  }
}
