import { ScorecardDocument } from "@roadbed/contracts/standards/scorecard-document";
import type { Sql } from "@roadbed/core";

import type { Expressions } from "../deps.ts";
import { createDefinition, type Definition } from "./definition.ts";

/** A scorecard as it is stored. */
export interface ScorecardRecord {
  readonly name: string;
  readonly version: number;
  readonly document: unknown;
  readonly rubric: boolean;
  readonly shipped: string | null;
  readonly changed_at: Date;
  readonly changed_by: string;
  readonly removed_at: Date | null;
}

export async function readScorecards(sql: Sql): Promise<ScorecardRecord[]> {
  const { rows } = await sql.query<Record<string, unknown>>("select * from standards.scorecard order by rubric desc, name");
  return rows as unknown as ScorecardRecord[];
}

export async function readScorecard(sql: Sql, name: string): Promise<ScorecardRecord | undefined> {
  const { rows } = await sql.query<Record<string, unknown>>("select * from standards.scorecard where name = $1 and removed_at is null", [
    name,
  ]);
  return rows[0] as unknown as ScorecardRecord | undefined;
}

/** Stores a version and has everything looked at anew. Needs `lockScorecards`. */
export async function writeScorecard(
  sql: Sql,
  document: ScorecardDocument,
  o: {
    readonly version: number;
    readonly at: Date;
    readonly actor: string;
    readonly reason: string | undefined;
    readonly shipped: string | null;
  },
): Promise<void> {
  const { name } = document.metadata;
  const text = JSON.stringify(document);
  await sql.query(
    `insert into standards.scorecard (name, version, document, rubric, shipped, changed_at, changed_by) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (name) do update set version = excluded.version, document = excluded.document, rubric = excluded.rubric,
       shipped = excluded.shipped, changed_at = excluded.changed_at, changed_by = excluded.changed_by, removed_at = null`,
    [name, o.version, text, document.spec.rubric, o.shipped, o.at, o.actor],
  );
  await sql.query("insert into standards.scorecard_version (name, version, document, at, actor, reason) values ($1, $2, $3, $4, $5, $6)", [
    name,
    o.version,
    text,
    o.at,
    o.actor,
    o.reason ?? null,
  ]);
  await lookAnew(sql, "scorecard");
}

/** One writer at a time, and none while results are being written. */
export async function lockScorecards(sql: Sql): Promise<void> {
  await sql.query("select 1 from standards.scorecard_state for update");
}

/** Has every entity looked at again. */
export async function lookAnew(sql: Sql, cause: "scorecard" | "time"): Promise<void> {
  await sql.query(
    `update standards.scorecard_state set definitions = definitions + 1, sweep_after = '', sweep_cause = $1, sweep_looked = 0, sweep_of = 0`,
    [cause],
  );
}

/** The number of the newest version there ever was: one that was removed does not begin at 1 again. */
export async function newestVersion(sql: Sql, name: string): Promise<number> {
  const { rows } = await sql.query<{ version: number | null }>(
    "select max(version) as version from standards.scorecard_version where name = $1",
    [name],
  );
  return rows[0]?.version ?? 0;
}

/** Scorecards made ready, kept while they are what they were. */
export interface Definitions {
  /** Those in force, the rubric first. `mark` is the number of `scorecard_state.definitions`. */
  current(sql: Sql, mark: string): Promise<readonly Definition[]>;
  /** An older version, to read what it gave; undefined where there is none. */
  ofVersion(sql: Sql, name: string, version: number): Promise<Definition | undefined>;
}

export function createDefinitions(cel: Expressions): Definitions {
  const made = new Map<string, Definition>();
  let kept: { readonly mark: string; readonly all: readonly Definition[] } | undefined;

  return {
    current: async (sql, mark) => {
      if (kept?.mark === mark) return kept.all;
      const rows = (await readScorecards(sql)).filter(({ removed_at }) => removed_at === null);
      const all = rows.map(({ document, version }) => make(ScorecardDocument.parse(document), version));
      kept = { mark, all };
      return all;
    },
    ofVersion: async (sql, name, version) => {
      const known = made.get(`${name} ${version}`);
      if (known) return known;
      const { rows } = await sql.query<{ document: unknown }>(
        "select document from standards.scorecard_version where name = $1 and version = $2",
        [name, version],
      );
      const parsed = ScorecardDocument.safeParse(rows[0]?.document);
      return parsed.success ? make(parsed.data, version) : undefined;
    },
  };

  /** Programs are kept for ever by the workers that know them: the same version is made once. */
  function make(document: ScorecardDocument, version: number): Definition {
    const key = `${document.metadata.name} ${version}`;
    let definition = made.get(key);
    if (!definition) made.set(key, (definition = createDefinition(document, version, cel)));
    return definition;
  }
}
