import type { Sql } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";
import { randomUUID } from "node:crypto";

import { refuseBeyond, type BucketRow, type ObjectRow } from "./bucket-rows.ts";
import { S3Error } from "./s3-error.ts";

/** An object that comes in parts. */
export interface UploadRow extends Record<string, unknown> {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly headers: ObjectRow["headers"];
  readonly at: Date;
}

export interface PartRow extends Record<string, unknown> {
  readonly number: number;
  readonly size: string;
  readonly etag: string;
  readonly blob: string;
  readonly at: Date;
}

/** Uploads that are under way. Their parts count for the quota of the bucket from when they are there. */
export interface UploadIndex {
  begin(bucket: string, key: string, headers: ObjectRow["headers"]): Promise<string>;
  upload(bucket: string, key: string, id: string): Promise<UploadRow | undefined>;
  uploads(bucket: string): Promise<readonly UploadRow[]>;
  parts(id: string): Promise<readonly PartRow[]>;
  /** Answers the file of the part of this number that nothing names any more. */
  putPart(
    bucket: string,
    id: string,
    part: Pick<PartRow, "number" | "etag" | "blob"> & { readonly size: number },
  ): Promise<string | undefined>;
  /** Ends it without an object; answers the files of its parts. Undefined: there is none. */
  abort(bucket: string, id: string): Promise<readonly string[] | undefined>;
  /** Ends those that were begun before an instant; answers the files of their parts. */
  abandon(bucket: string, before: Date): Promise<readonly string[]>;
}

export const UPLOAD_TABLES = `
create table if not exists roadbed.upload (
  id uuid primary key,
  bucket text not null references roadbed.bucket on delete cascade,
  key text collate "C" not null,
  headers jsonb not null,
  at timestamptz not null default clock_timestamp()
);
create index if not exists upload_by_bucket on roadbed.upload (bucket, key);
create table if not exists roadbed.part (
  upload uuid not null references roadbed.upload on delete cascade,
  number integer not null,
  size bigint not null,
  etag text not null,
  blob uuid not null,
  at timestamptz not null default clock_timestamp(),
  primary key (upload, number)
)`;

type Use = <T>(work: (db: Database) => Promise<T>) => Promise<T>;

export function createUploadIndex(use: Use): UploadIndex {
  return {
    begin: (bucket, key, headers) =>
      use(async (db) => {
        const id = randomUUID();
        const values = [id, bucket, key, JSON.stringify(headers)];
        await db.query("insert into roadbed.upload (id, bucket, key, headers) values ($1, $2, $3, $4)", values);
        return id;
      }),
    upload: (bucket, key, id) =>
      use(async (db) => {
        const { rows } = await db.query<UploadRow>("select * from roadbed.upload where id::text = $1 and bucket = $2 and key = $3", [
          id,
          bucket,
          key,
        ]);
        return rows[0];
      }),
    uploads: (bucket) =>
      use(async (db) => {
        const { rows } = await db.query<UploadRow>("select * from roadbed.upload where bucket = $1 order by key, at limit 1000", [bucket]);
        return rows;
      }),
    parts: (id) => use(async (db) => (await db.query<PartRow>("select * from roadbed.part where upload = $1 order by number", [id])).rows),
    putPart: (name, id, part) =>
      use((db) =>
        db.transaction(async (sql) => {
          const bucket = await lock(sql, name);
          if ((await sql.query("select 1 from roadbed.upload where id = $1", [id])).rowCount === 0) throw noUpload();
          const { rows } = await sql.query<PartRow>("select * from roadbed.part where upload = $1 and number = $2", [id, part.number]);
          const more = part.size - Number(rows[0]?.size ?? 0);
          refuseBeyond(bucket, more, 0);
          await sql.query(
            `insert into roadbed.part (upload, number, size, etag, blob) values ($1, $2, $3, $4, $5)
             on conflict (upload, number) do update set size = excluded.size, etag = excluded.etag, blob = excluded.blob, at = clock_timestamp()`,
            [id, part.number, part.size, part.etag, part.blob],
          );
          await countBytes(sql, name, more);
          return rows[0]?.blob;
        }),
      ),
    abort: (bucket, id) =>
      use((db) =>
        db.transaction(async (sql) => {
          await lock(sql, bucket);
          return endUpload(sql, bucket, id);
        }),
      ),
    abandon: (bucket, before) =>
      use((db) =>
        db.transaction(async (sql) => {
          await lock(sql, bucket);
          const { rows } = await sql.query<{ id: string }>("select id from roadbed.upload where bucket = $1 and at < $2", [bucket, before]);
          const files: string[] = [];
          for (const { id } of rows) files.push(...((await endUpload(sql, bucket, id)) ?? []));
          return files;
        }),
      ),
  };
}

/** Takes an upload and its parts out, in the transaction of whoever holds the bucket; undefined where there is none. */
export async function endUpload(sql: Sql, bucket: string, id: string): Promise<readonly string[] | undefined> {
  const { rows } = await sql.query<PartRow>("delete from roadbed.part where upload = $1 returning *", [id]);
  const { rowCount } = await sql.query("delete from roadbed.upload where id = $1 and bucket = $2", [id, bucket]);
  if (rowCount === 0) return undefined;
  await countBytes(sql, bucket, -rows.reduce((sum, { size }) => sum + Number(size), 0));
  return rows.map(({ blob }) => blob);
}

export function noUpload(): S3Error {
  return new S3Error("NoSuchUpload", "There is no such upload: it was completed, given up, or never begun.");
}

async function lock(sql: Sql, name: string): Promise<BucketRow> {
  const { rows } = await sql.query<BucketRow>("select * from roadbed.bucket where name = $1 for update", [name]);
  if (rows[0] === undefined) throw new S3Error("NoSuchBucket", `There is no bucket ${name}.`);
  return rows[0];
}

function countBytes(sql: Sql, name: string, bytes: number): Promise<unknown> {
  return sql.query("update roadbed.bucket set bytes = bytes + $2 where name = $1", [name, bytes]);
}
