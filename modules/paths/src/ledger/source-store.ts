import type { Entity } from "@roadbed/contracts/catalog";
import { ConflictError, TooLargeError, type Sql } from "@roadbed/core";
import { randomUUID } from "node:crypto";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { parsePath, type Path } from "../template/template.ts";
import { exists } from "../workspace/workspace.ts";
import { readPathSource, type PathSource, type SourceFile } from "./path-source.ts";

/** The versions of paths as they were when they were followed. */
export interface Sources {
  /** What a path is made of now, kept for later. Undefined where it has no files here or is too large to be kept. */
  keep(sql: Sql, path: Path): Promise<string | undefined>;
  /** The digest of a path as it is now; looked up anew every few seconds at most. */
  digestOf(path: Path): Promise<string | undefined>;
  /** A kept version, with its files on this machine. Throws `ConflictError` when it is not there. */
  open(sql: Sql, digest: string): Promise<Path>;
}

interface SourceRow extends Record<string, unknown> {
  readonly entity: Entity;
  readonly folder: string;
  readonly files: readonly SourceFile[];
}

const FRESH_MS = 3_000;

/** Kept in the database, so that each server has them; unpacked below `dataDir` when needed. */
export function createSources(dataDir: string): Sources {
  const known = new Map<string, { readonly at: number; readonly source: Promise<PathSource | undefined> }>();
  const unpacking = new Map<string, Promise<void>>();

  async function digestOf(path: Path): Promise<string | undefined> {
    const key = `${path.ref} ${path.folder}`;
    const before = known.get(key);
    if (before !== undefined && Date.now() - before.at < FRESH_MS) return (await before.source)?.digest;
    const source = read(path);
    known.set(key, { at: Date.now(), source });
    return (await source)?.digest;
  }

  async function unpack(sql: Sql, digest: string, { files }: SourceRow): Promise<void> {
    const home = join(dataDir, "sources", digest);
    if (await exists(home)) return;
    const { rows } = await sql.query<{ hash: string; content: Buffer }>(
      "select hash, content from paths.source_blob where hash = any($1)",
      [files.map(({ hash }) => hash)],
    );
    const contents = new Map(rows.map(({ hash, content }) => [hash, content]));
    const draft = join(dataDir, "sources", `.${randomUUID()}`);
    await mkdir(draft, { recursive: true });
    for (const { path, hash, executable } of files) {
      const content = contents.get(hash);
      if (content === undefined) throw new ConflictError(`The version ${digest.slice(0, 12)} of a path is not whole: ${path} is missing.`);
      await mkdir(dirname(join(draft, path)), { recursive: true });
      await writeFile(join(draft, path), content);
      await chmod(join(draft, path), executable ? 0o755 : 0o644);
    }
    // Another process of this machine may have been first.
    await rename(draft, home).catch(() => rm(draft, { recursive: true, force: true }));
  }

  return {
    digestOf,
    async keep(sql, path) {
      const source = await read(path);
      if (source === undefined) return undefined;
      const { digest, folder, files, contents } = source;
      const { rowCount } = await sql.query("select 1 from paths.source where digest = $1", [digest]);
      if (rowCount > 0) return digest;
      for (const [hash, content] of contents) {
        await sql.query("insert into paths.source_blob (hash, content) values ($1, $2) on conflict do nothing", [hash, content]);
      }
      await sql.query(
        `insert into paths.source (digest, path_ref, version, entity, folder, files, kept_at)
         values ($1, $2, $3, $4, $5, $6, now()) on conflict do nothing`,
        [digest, path.ref, path.promises.version ?? null, JSON.stringify(path.entity), folder, JSON.stringify(files)],
      );
      return digest;
    },
    async open(sql, digest) {
      const { rows } = await sql.query<SourceRow>("select entity, folder, files from paths.source where digest = $1", [digest]);
      const [row] = rows;
      if (row === undefined) throw new ConflictError(`The version ${digest.slice(0, 12)} of this path was not kept.`);
      const busy = unpacking.get(digest) ?? unpack(sql, digest, row);
      unpacking.set(digest, busy);
      await busy.finally(() => unpacking.delete(digest));
      const root = join(dataDir, "sources", digest);
      const folder = join(root, row.folder);
      await mkdir(folder, { recursive: true });
      return parsePath({ entity: row.entity, folder, root });
    },
  };
}

async function read(path: Path): Promise<PathSource | undefined> {
  return readPathSource(path).catch((error: unknown) => {
    if (error instanceof TooLargeError) return undefined;
    throw error;
  });
}
