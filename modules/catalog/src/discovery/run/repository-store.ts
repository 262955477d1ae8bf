import type { Sql } from "@roadbed/core";

import type { Repository } from "../finding.ts";
import { clean } from "../proposal/proposal-store.ts";

/** Of the analysers: counted up when they find more, so that everything is read again. */
export const ANALYSERS_VERSION = 1;

export interface Note {
  readonly repository: string;
  readonly file: string;
  readonly reason: string;
}

export interface RepositoryWrite {
  readonly repository: Repository;
  readonly root: string;
  readonly path: string;
  readonly fingerprint: string;
  readonly notes: readonly Note[];
  readonly discoveryId: string;
}

export async function readRepositories(sql: Sql): Promise<Repository[]> {
  const { rows } = await sql.query<{
    key: string;
    name: string;
    url: string | null;
    folder_group: string;
    findings: never;
    authors: never;
  }>("select key, name, url, folder_group, findings, authors from catalog.discovery_repository order by key");
  return rows.map(({ key, name, url, folder_group, findings, authors }) => ({
    key,
    name,
    ...(url === null ? {} : { url }),
    group: folder_group,
    findings,
    authors,
  }));
}

/** What is known of the repositories below a root, by their path in it. */
export async function readFingerprints(
  sql: Sql,
  root: string,
): Promise<ReadonlyMap<string, { readonly key: string; readonly fingerprint: string; readonly discoveryId: string }>> {
  const { rows } = await sql.query<{ path: string; key: string; fingerprint: string; discovery_id: string }>(
    "select path, key, fingerprint, discovery_id from catalog.discovery_repository where root = $1 and version = $2",
    [root, ANALYSERS_VERSION],
  );
  return new Map(rows.map(({ path, key, fingerprint, discovery_id: discoveryId }) => [path, { key, fingerprint, discoveryId }]));
}

export async function readRoots(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ root: string }>("select distinct root from catalog.discovery_repository order by root");
  return rows.map(({ root }) => root);
}

/** Keeps what a repository said; a clone of the same remote in another place takes over. */
export async function writeRepository(sql: Sql, o: RepositoryWrite, now: Date): Promise<void> {
  const { repository, root, path, fingerprint, notes, discoveryId } = o;
  const { key, name, url, group, findings, authors } = repository;
  await sql.query(
    `insert into catalog.discovery_repository (key, root, path, name, url, folder_group, fingerprint, findings, authors, notes, version, discovery_id, read_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (key) do update set root = excluded.root, path = excluded.path, name = excluded.name, url = excluded.url, folder_group = excluded.folder_group,
       fingerprint = excluded.fingerprint, findings = excluded.findings, authors = excluded.authors, notes = excluded.notes, version = excluded.version,
       discovery_id = excluded.discovery_id, read_at = excluded.read_at`,
    [
      key,
      root,
      path,
      name,
      url ?? null,
      group,
      fingerprint,
      ...[findings, authors, notes].map((one) => clean(JSON.stringify(one))),
      ANALYSERS_VERSION,
      discoveryId,
      now,
    ],
  );
}

/** Forgets what lay below a root and was not there at a reading that came to its end. */
export async function forgetMissing(sql: Sql, root: string, paths: readonly string[]): Promise<void> {
  await sql.query("delete from catalog.discovery_repository where root = $1 and not (path = any($2))", [root, paths]);
}
