import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

import type { ClickHouse } from "../client/open-clickhouse.ts";
import { tokenize } from "../sql/tokens.ts";
import { renderSql } from "./render-sql.ts";

/** A module's `NNNN-name.sql` files. */
export interface MigrationSet {
  readonly module: string;
  readonly dir: URL;
}

const LEDGER = `
CREATE TABLE IF NOT EXISTS roadbed_migration{{local}} {{on_cluster}} (
  module String, name String, digest String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{r}}ReplacingMergeTree(applied_at) ORDER BY (module, name);
-- distributed: roadbed_migration by cityHash64(module)
`;

/**
 * Makes the database and runs, in order, every file that has not run yet; forward only. Statements must bear being
 * repeated (`IF NOT EXISTS`): a file that broke off in the middle runs again from its start. Throws when a file
 * that has run was changed since.
 */
export async function migrateClickHouse(
  ch: ClickHouse,
  sets: readonly MigrationSet[],
  o: { readonly cluster?: string } = {},
): Promise<void> {
  const cluster = o.cluster ?? ch.cluster;
  await ch.createDatabase();
  for (const sql of splitStatements(renderSql(LEDGER, cluster))) await ch.command(sql);
  const rows = await ch.query<{ id: string; digest: string }>(
    "select concat(module, '/', name) as id, argMax(digest, applied_at) as digest from roadbed_migration group by id",
  );
  const applied = new Map(rows.map(({ id, digest }) => [id, digest]));
  for (const set of sets) for (const name of filesOf(set)) await apply(ch, set, name, applied, cluster);
}

/** Cuts a text at its semicolons, leaving those in strings and comments alone. */
export function splitStatements(text: string): string[] {
  const ends = [...tokenize(text)].filter(({ kind, text: sign }) => kind === "sign" && sign === ";").map(({ start }) => start);
  const parts = [0, ...ends.map((end) => end + 1)].map((start, i) => text.slice(start, ends[i] ?? text.length).trim());
  return parts.filter((part) => !tokenize(part).next().done);
}

function filesOf({ dir }: MigrationSet): string[] {
  return readdirSync(dir)
    .filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name))
    .sort();
}

async function apply(
  ch: ClickHouse,
  set: MigrationSet,
  name: string,
  applied: Map<string, string>,
  cluster: string | undefined,
): Promise<void> {
  const text = readFileSync(new URL(name, set.dir), "utf8");
  const digest = createHash("sha256").update(text).digest("hex");
  const known = applied.get(`${set.module}/${name}`);
  if (known === digest) return;
  if (known !== undefined) throw new Error(`${set.module}/${name} was changed after it had been applied; add a new file instead`);
  for (const sql of splitStatements(renderSql(text, cluster))) await ch.command(sql, { who: `migrate ${set.module}/${name}` });
  await ch.insertRows("roadbed_migration", [{ module: set.module, name, digest }]);
}
