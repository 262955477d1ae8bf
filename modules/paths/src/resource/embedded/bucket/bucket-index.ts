import type { Database } from "@roadbed/postgres";
import type { Sql } from "@roadbed/core";

import type { DatabaseServer } from "../database-server.ts";
import { refuseBeyond, type BucketRow, type ObjectRow } from "./bucket-rows.ts";
import { S3Error } from "./s3-error.ts";
import { createUploadIndex, endUpload, noUpload, UPLOAD_TABLES, type UploadIndex } from "./upload-index.ts";

/**
 * What lies in the buckets: their names, credentials, quotas and the keys of their objects, in the server for made databases, where no role
 * of theirs comes in. What objects hold lies in files, each written once and never changed.
 */
export interface BucketIndex extends UploadIndex {
  find(name: string): Promise<BucketRow | undefined>;
  all(): Promise<readonly BucketRow[]>;
  /** Makes or changes it. Throws where the name is another resource's. */
  ensure(
    bucket: Pick<BucketRow, "name" | "resource" | "access_key" | "sealed"> & { readonly mostBytes: number; readonly mostObjects: number },
  ): Promise<boolean>;
  remove(name: string, resource: string): Promise<boolean>;
  object(bucket: string, key: string): Promise<ObjectRow | undefined>;
  /**
   * Puts an object in place of one of its key, within the quota, and ends the upload that it comes from; answers the files that nothing
   * names any more.
   */
  put(
    bucket: string,
    object: Omit<ObjectRow, "at" | "size"> & { readonly size: number },
    o: { readonly onlyNew: boolean; readonly ends?: string },
  ): Promise<readonly string[]>;
  take(bucket: string, key: string): Promise<string | undefined>;
  /** Keys after one, in the order of their bytes. */
  keys(bucket: string, o: { readonly prefix: string; readonly after: string; readonly limit: number }): Promise<readonly ObjectRow[]>;
  blobs(bucket: string): Promise<ReadonlySet<string>>;
}

const TABLES = `
create schema if not exists roadbed;
create table if not exists roadbed.bucket (
  name text primary key,
  resource text not null,
  access_key text not null unique,
  sealed bytea not null,
  most_bytes bigint not null,
  most_objects bigint not null,
  bytes bigint not null default 0,
  objects bigint not null default 0
);
create table if not exists roadbed.object (
  bucket text not null references roadbed.bucket on delete cascade,
  key text collate "C" not null,
  size bigint not null,
  etag text not null,
  headers jsonb not null,
  blob uuid not null,
  at timestamptz not null default clock_timestamp(),
  primary key (bucket, key)
)`;
/** No text of UTF-8 that goes on after a prefix is behind the prefix and this. */
export const LAST = "\u{10ffff}";

export function createBucketIndex(server: DatabaseServer): BucketIndex {
  let made = false;
  const use = <T>(work: (db: Database) => Promise<T>): Promise<T> =>
    server.use(async (db) => {
      if (!made) {
        await db.transaction(async (sql) => {
          await sql.query("select pg_advisory_xact_lock(7623043)");
          await sql.query(TABLES);
          await sql.query(UPLOAD_TABLES);
        });
        made = true;
      }
      return work(db);
    });
  const count = (sql: Sql, name: string, bytes: number, objects: number): Promise<unknown> =>
    sql.query("update roadbed.bucket set bytes = bytes + $2, objects = objects + $3 where name = $1", [name, bytes, objects]);

  return {
    ...createUploadIndex(use),
    find: (name) => use(async (db) => (await db.query<BucketRow>("select * from roadbed.bucket where name = $1", [name])).rows[0]),
    all: () => use(async (db) => (await db.query<BucketRow>("select * from roadbed.bucket order by name")).rows),
    ensure: (o) =>
      use(async (db) => {
        const { rows } = await db.query<{ made: boolean }>(
          `insert into roadbed.bucket as b (name, resource, access_key, sealed, most_bytes, most_objects) values ($1, $2, $3, $4, $5, $6)
           on conflict (name) do update set access_key = excluded.access_key, sealed = excluded.sealed, most_bytes = excluded.most_bytes,
             most_objects = excluded.most_objects where b.resource = excluded.resource returning xmax = 0 as made`,
          [o.name, o.resource, o.access_key, o.sealed, o.mostBytes, o.mostObjects],
        );
        if (rows[0] === undefined)
          throw new S3Error("AccessDenied", `There is a bucket ${o.name} already, which this resource did not make.`);
        return rows[0].made;
      }),
    remove: (name, resource) =>
      use(async (db) => (await db.query("delete from roadbed.bucket where name = $1 and resource = $2", [name, resource])).rowCount > 0),
    object: (bucket, key) =>
      use(async (db) => (await db.query<ObjectRow>("select * from roadbed.object where bucket = $1 and key = $2", [bucket, key])).rows[0]),
    put: (name, object, { onlyNew, ends }) =>
      use((db) =>
        db.transaction(async (sql) => {
          // Writers of one bucket come one after the other, so that the quota is exact.
          const find = "select * from roadbed.bucket where name = $1 for update";
          if ((await sql.query(find, [name])).rowCount === 0) throw new S3Error("NoSuchBucket", `There is no bucket ${name}.`);
          const parts = ends === undefined ? [] : await endUpload(sql, name, ends);
          if (parts === undefined) throw noUpload();
          // As it stands without the parts.
          const bucket = (await sql.query<BucketRow>(find, [name])).rows[0]!;
          const { rows: before } = await sql.query<ObjectRow>("select * from roadbed.object where bucket = $1 and key = $2", [
            name,
            object.key,
          ]);
          const old = before[0];
          if (old !== undefined && onlyNew) throw new S3Error("PreconditionFailed", `${String(object.key)} is there already.`);
          refuseBeyond(bucket, object.size - Number(old?.size ?? 0), old === undefined ? 1 : 0);
          await sql.query(
            `insert into roadbed.object (bucket, key, size, etag, headers, blob) values ($1, $2, $3, $4, $5, $6)
             on conflict (bucket, key) do update set size = excluded.size, etag = excluded.etag, headers = excluded.headers, blob = excluded.blob,
               at = clock_timestamp()`,
            [name, object.key, object.size, object.etag, JSON.stringify(object.headers), object.blob],
          );
          await count(sql, name, object.size - Number(old?.size ?? 0), old === undefined ? 1 : 0);
          return old === undefined ? parts : [...parts, old.blob];
        }),
      ),
    take: (name, key) =>
      use((db) =>
        db.transaction(async (sql) => {
          await sql.query("select 1 from roadbed.bucket where name = $1 for update", [name]);
          const { rows } = await sql.query<ObjectRow>("delete from roadbed.object where bucket = $1 and key = $2 returning *", [name, key]);
          if (rows[0] === undefined) return undefined;
          await count(sql, name, -Number(rows[0].size), -1);
          return rows[0].blob;
        }),
      ),
    keys: (bucket, { prefix, after, limit }) =>
      use(async (db) => {
        const { rows } = await db.query<ObjectRow>(
          "select * from roadbed.object where bucket = $1 and key > $2 and key >= $3 and key < $4 order by key limit $5",
          [bucket, after, prefix, `${prefix}${LAST}`, limit],
        );
        return rows;
      }),
    blobs: (bucket) =>
      use(async (db) => {
        const { rows } = await db.query<{ blob: string }>(
          `select blob from roadbed.object where bucket = $1
           union all select p.blob from roadbed.part p join roadbed.upload u on u.id = p.upload where u.bucket = $1`,
          [bucket],
        );
        return new Set(rows.map(({ blob }) => blob));
      }),
  };
}
