import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { promisify } from "node:util";

import type { Sql } from "@roadbed/core";

import { collectFiles } from "./collect-files.ts";
import type { StepText } from "./describe-pipeline.ts";

const run = promisify(execFile);

export const CACHE_LIMITS = { entryBytes: 2 ** 30, repositoryBytes: 4 * 2 ** 30, keyFiles: 500 };

export interface CachePlace {
  readonly sql: Sql;
  /** Of this repository alone: `<data>/pipelines/<repository>/cache`. */
  readonly dir: string;
  readonly repository: string;
  readonly branch: string;
  readonly defaultBranch: string;
  /** The work tree, and the home that paths with `~/` mean. */
  readonly tree: string;
  readonly home: string;
}

type Cache = NonNullable<StepText["cache"]>;

/** The name under which a step's cache is kept: its paths, and what the files of its key hold. */
export async function cacheKey(tree: string, { paths, key }: Cache): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([...paths].sort()));
  for (const { path } of (await collectFiles(tree, key, CACHE_LIMITS.keyFiles)).files) {
    hash.update(`\0${path}\0`).update(await readFile(join(tree, path)));
  }
  return hash.digest("hex");
}

/**
 * Puts back what the same key holds: of this branch, else of the default one. Another branch's is never used, so that what nobody has reviewed yet
 * does not reach the default branch; and a file that is not what its digest says was changed by somebody else, and is thrown away.
 */
export async function restoreCache(place: CachePlace, key: string): Promise<"found" | "missed" | "unusable"> {
  const { sql, repository, branch, defaultBranch } = place;
  const { rows } = await sql.query<{ branch: string; digest: string }>(
    `select branch, digest from delivery.pipeline_cache where repository = $1 and key = $2 and branch = any($3) order by branch <> $4 limit 1`,
    [repository, key, [branch, defaultBranch], branch],
  );
  const [entry] = rows;
  if (entry === undefined) return "missed";
  const file = fileOf(place, entry.digest);
  if ((await digestOf(file).catch(() => undefined)) !== entry.digest) {
    await sql.query("delete from delivery.pipeline_cache where repository = $1 and digest = $2", [repository, entry.digest]);
    await rm(file, { force: true });
    return "unusable";
  }
  await run("tar", ["-xf", file, "-C", join(place.tree, "..")], { maxBuffer: 2 ** 20 });
  await sql.query("update delivery.pipeline_cache set used_at = now() where repository = $1 and branch = $2 and key = $3", [
    repository,
    entry.branch,
    key,
  ]);
  return "found";
}

/** Keeps what the paths hold now. Answers why not, where it does not. */
export async function saveCache(place: CachePlace, key: string, { paths }: Cache): Promise<string | undefined> {
  const { sql, repository, branch, dir } = place;
  const root = await realpath(join(place.tree, ".."));
  const inside: string[] = [];
  for (const path of paths) {
    const at = path.startsWith("~/") ? join(place.home, path.slice(2)) : join(place.tree, path);
    const real = await realpath(at).catch(() => undefined);
    if (real === undefined) continue;
    // A link at its place would lead elsewhere.
    const own = path.startsWith("~/") ? await realpath(place.home) : await realpath(place.tree);
    if (!real.startsWith(`${own}${sep}`)) return `${path} leads out of the work tree`;
    inside.push(real.slice(root.length + 1));
  }
  if (inside.length === 0) return "none of its paths is there";
  await mkdir(dir, { recursive: true });
  const draft = join(dir, `.draft-${process.pid}-${key.slice(0, 12)}-${Date.now()}`);
  try {
    await run("tar", ["-cf", draft, "-C", root, "--", ...inside], { maxBuffer: 2 ** 20 });
    const { size } = await stat(draft);
    if (size > CACHE_LIMITS.entryBytes) return `it is larger than ${CACHE_LIMITS.entryBytes / 2 ** 20} MB`;
    const digest = await digestOf(draft);
    await rename(draft, fileOf(place, digest));
    await sql.query(
      `insert into delivery.pipeline_cache (repository, branch, key, digest, bytes, used_at) values ($1, $2, $3, $4, $5, now())
       on conflict (repository, branch, key) do update set digest = excluded.digest, bytes = excluded.bytes, used_at = now()`,
      [repository, branch, key, digest, size],
    );
    await makeRoom(place);
    return undefined;
  } finally {
    await rm(draft, { force: true });
  }
}

/** What was not used for longest goes first. */
async function makeRoom(place: CachePlace): Promise<void> {
  const { rows } = await place.sql.query<{ digest: string }>(
    `delete from delivery.pipeline_cache c using (
       select branch, key, sum(bytes) over (order by used_at desc, branch, key) as upto from delivery.pipeline_cache where repository = $1) s
     where c.repository = $1 and c.branch = s.branch and c.key = s.key and s.upto > $2 returning c.digest`,
    [place.repository, CACHE_LIMITS.repositoryBytes],
  );
  for (const { digest } of rows) {
    const { rows: left } = await place.sql.query("select 1 from delivery.pipeline_cache where repository = $1 and digest = $2 limit 1", [
      place.repository,
      digest,
    ]);
    if (left.length === 0) await rm(fileOf(place, digest), { force: true });
  }
}

function fileOf({ dir }: CachePlace, digest: string): string {
  return join(dir, `${digest}.tar`);
}

export async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
