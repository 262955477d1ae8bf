import type { Decision, Verdict } from "@roadbed/contracts/standards";
import type { Row, Sql } from "@roadbed/core";

/** Stores a decision; the text of findings may come from outside, so what Postgres cannot hold is replaced. */
export async function insertDecision(sql: Sql, decision: Decision): Promise<void> {
  await sql.query(
    `insert into standards.decision (id, at, moment, subject, actor, verdict, findings, policies, input_digest)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      decision.id,
      decision.at,
      decision.moment,
      decision.subject,
      decision.actor,
      decision.verdict,
      toJson(decision.findings),
      toJson(decision.policies),
      decision.inputDigest,
    ],
  );
}

export async function findDecision(sql: Sql, id: string): Promise<Decision | undefined> {
  const { rows } = await sql.query<DecisionRow>("select * from standards.decision where id = $1", [id]);
  return rows[0] && toDecision(rows[0]);
}

/** Newest first; ids grow with time. `before`: the last id of the page before. */
export async function selectDecisions(
  sql: Sql,
  { before, verdict, limit }: { before: string | undefined; verdict: Verdict | undefined; limit: number },
): Promise<Decision[]> {
  const { rows } = await sql.query<DecisionRow>(
    `select * from standards.decision
     where ($1::text is null or id < $1) and ($2::text is null or verdict = $2)
     order by id desc limit $3`,
    [before ?? null, verdict ?? null, limit],
  );
  return rows.map(toDecision);
}

interface DecisionRow extends Row {
  readonly id: string;
  readonly at: Date;
  readonly moment: Decision["moment"];
  readonly subject: string;
  readonly actor: string;
  readonly verdict: Verdict;
  readonly findings: Decision["findings"];
  readonly policies: Decision["policies"];
  readonly input_digest: string;
}

function toDecision({ at, input_digest, ...row }: DecisionRow): Decision {
  return { ...row, at: at.toISOString(), inputDigest: input_digest };
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "string" ? storable(inner) : inner));
}

/** Postgres holds neither NUL nor half a surrogate pair. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
