import type { Evaluation, EvaluationSet } from "@roadbed/contracts/delivery/evaluations";
import { NotFoundError, type Sql } from "@roadbed/core";
import { createHash } from "node:crypto";

import type { ReleaseRow } from "../release/release-store.ts";
import { readScoring } from "./scoring.ts";

export interface SetRow extends Record<string, unknown> {
  readonly id: string;
  readonly entity_ref: string;
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly case_ids: readonly string[];
  readonly content: string | null;
  readonly repository: string | null;
  readonly path: string | null;
  readonly commit: string | null;
  readonly made_by: string;
  readonly created_at: Date;
}

export interface EvaluationRow extends Record<string, unknown> {
  readonly id: string;
  readonly entity_ref: string;
  readonly release_id: string;
  readonly number: number;
  readonly title: string;
  readonly subject_digest: string;
  readonly set_id: string;
  readonly set_name: string;
  readonly set_version: number;
  readonly set_digest: string;
  readonly set_cases: number;
  readonly grader: string;
  readonly grader_version: string;
  readonly state: Evaluation["state"];
  readonly how: Evaluation["how"];
  readonly error: string | null;
  readonly log: readonly string[] | null;
  readonly digest: string | null;
  readonly scored: number;
  readonly mean: number | null;
  readonly tokens: string | null;
  readonly cost: string | null;
  readonly latency_ms: number | null;
  readonly made_by: string;
  readonly created_at: Date;
}

/** With what people see of its release and its set. */
const SELECT = `select e.*, r.number, r.title, s.name as set_name, s.version as set_version, s.digest as set_digest, cardinality(s.case_ids) as set_cases
  from delivery.evaluation e join delivery.release r on r.id = e.release_id join delivery.evaluation_set s on s.id = e.set_id`;

/** At what confidence intervals are shown where no gate asks for another one. */
export const SHOWN_CONFIDENCE = 0.95;

/**
 * Of the models, prompts and agents of a release: two releases with the same ones are the same to whoever evaluates them. Of a release without any, the
 * release's own.
 */
export function subjectDigestOf({ parts, digest }: Pick<ReleaseRow, "parts" | "digest">): string {
  const judged = parts.filter(({ kind }) => kind === "model" || kind === "prompt" || kind === "agent");
  if (judged.length === 0) return digest;
  const lines = judged.map((part) => [part.kind, part.name, part.digest ?? part.version]);
  return `sha256:${createHash("sha256").update(JSON.stringify(lines)).digest("hex")}`;
}

export async function findEvaluations(sql: Sql, where: string, values: readonly unknown[]): Promise<EvaluationRow[]> {
  const { rows } = await sql.query<EvaluationRow>(`${SELECT} where ${where}`, values);
  return rows;
}

/** Throws `NotFoundError`, also for what may not be seen. */
export async function readEvaluation(sql: Sql, id: string, hidden: readonly string[]): Promise<EvaluationRow> {
  const [found] = await findEvaluations(sql, "e.id = $1", [id]);
  if (found !== undefined && !hidden.includes(found.entity_ref)) return found;
  throw new NotFoundError("evaluation", id, "See roadbed evaluation list.");
}

/** The version asked for, else the newest. */
export async function findSet(sql: Sql, entityRef: string, name: string, version?: number): Promise<SetRow | undefined> {
  const { rows } = await sql.query<SetRow>(
    `select * from delivery.evaluation_set where entity_ref = $1 and name = $2 and ($3::int is null or version = $3) order by version desc limit 1`,
    [entityRef, name, version ?? null],
  );
  return rows[0];
}

export async function readSet(sql: Sql, entityRef: string, name: string, version?: number): Promise<SetRow> {
  const found = await findSet(sql, entityRef, name, version);
  if (found !== undefined) return found;
  throw new NotFoundError(
    "evaluation set",
    `${name}${version === undefined ? "" : ` version ${version}`} of ${entityRef}`,
    `Make it first: roadbed evaluation-set create ${entityRef} ${name} --cases cases.jsonl.`,
  );
}

/** The row that is there afterwards: the same cases are the same version. */
export async function insertSet(sql: Sql, set: Omit<SetRow, "version">): Promise<SetRow> {
  await sql.query("select pg_advisory_xact_lock(hashtext('delivery.evaluation_set'), hashtext($1))", [set.entity_ref as string]);
  const { rows } = await sql.query<SetRow>(
    `insert into delivery.evaluation_set (id, entity_ref, name, version, digest, case_ids, content, repository, path, commit, made_by, created_at)
     select $1, $2, $3, (select coalesce(max(version), 0) + 1 from delivery.evaluation_set where entity_ref = $2 and name = $3), $4, $5, $6, $7, $8, $9, $10, $11
     on conflict (entity_ref, name, digest) do nothing returning *`,
    [
      set.id,
      set.entity_ref,
      set.name,
      set.digest,
      set.case_ids,
      set.content,
      set.repository,
      set.path,
      set.commit,
      set.made_by,
      set.created_at,
    ],
  );
  if (rows[0] !== undefined) return rows[0];
  const { rows: known } = await sql.query<SetRow>(
    "select * from delivery.evaluation_set where entity_ref = $1 and name = $2 and digest = $3",
    [set.entity_ref, set.name, set.digest],
  );
  return known[0]!;
}

export function toSet(row: SetRow & { readonly cases?: number }): EvaluationSet {
  return {
    id: row.id,
    entityRef: row.entity_ref,
    name: row.name,
    version: row.version,
    digest: row.digest,
    cases: row.cases ?? row.case_ids.length,
    from: row.path === null ? "uploaded" : `${row.repository}/${row.path} at ${row.commit?.slice(0, 8)}`,
    madeBy: row.made_by,
    createdAt: row.created_at.toISOString(),
  };
}

/** With its interval, for which its scores are read. */
export async function toEvaluation(sql: Sql, row: EvaluationRow): Promise<Evaluation> {
  const scoring = row.state === "recorded" ? await readScoring(sql, row, SHOWN_CONFIDENCE) : undefined;
  const per = (total: number | string | null): number | undefined =>
    total === null || row.scored === 0 ? undefined : Number(total) / row.scored;
  const optional = {
    error: row.error ?? undefined,
    score: scoring?.interval,
    tokensPerCase: per(row.tokens),
    costPerCase: costPerCase(row),
    latencyMsPerCase: per(row.latency_ms),
  };
  return {
    id: row.id,
    entityRef: row.entity_ref,
    release: { id: row.release_id, number: row.number, title: row.title },
    subjectDigest: row.subject_digest,
    set: { id: row.set_id, name: row.set_name, version: row.set_version, digest: row.set_digest, cases: row.set_cases },
    grader: { name: row.grader, version: row.grader_version },
    state: row.state,
    how: row.how,
    scored: row.scored,
    missing: row.state === "recorded" ? row.set_cases - row.scored : 0,
    madeBy: row.made_by,
    createdAt: row.created_at.toISOString(),
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<Evaluation>),
  };
}

export function costPerCase({ cost, scored }: Pick<EvaluationRow, "cost" | "scored">): string | undefined {
  return cost === null || scored === 0 ? undefined : (Number(cost) / scored).toFixed(6);
}
