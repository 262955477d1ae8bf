import { S3Error } from "./s3-error.ts";

/** A bucket as its row keeps it. */
export interface BucketRow extends Record<string, unknown> {
  readonly name: string;
  /** Id of the resource whose it is; also the name of its folder. */
  readonly resource: string;
  readonly access_key: string;
  readonly sealed: Buffer;
  readonly most_bytes: string;
  readonly most_objects: string;
  readonly bytes: string;
  readonly objects: string;
}

export interface ObjectRow extends Record<string, unknown> {
  readonly key: string;
  readonly size: string;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly blob: string;
  readonly at: Date;
}

/** Throws `S3Error` where so much more would be too much. Becoming smaller is always allowed. */
export function refuseBeyond(bucket: BucketRow, bytes: number, objects: number): void {
  if (bytes > 0 && Number(bucket.bytes) + bytes > Number(bucket.most_bytes)) {
    throw new S3Error(
      "QuotaExceeded",
      `The bucket may hold ${bucket.most_bytes} bytes, and holds ${bucket.bytes}. Ask for a larger class.`,
    );
  }
  if (objects > 0 && Number(bucket.objects) + objects > Number(bucket.most_objects)) {
    throw new S3Error("QuotaExceeded", `The bucket may hold ${bucket.most_objects} objects, and is full. Ask for a larger class.`);
  }
}
