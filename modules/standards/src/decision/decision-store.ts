import type { Decision, Verdict } from "@roadbed/contracts/standards";
import type { Row, Sql } from "@roadbed/core";

/** Stores a decision; the text of findings may come from outside, so what Postgres cannot hold is replaced. */
export async function insertDecision(sql: Sql, decision: Decision, kept: string | undefined): Promise<void> {
  await sql.query(
    `insert into standards.decision
       (id, at, moment, subject, actor, verdict, findings, policies, input_digest, entities, team, details, input, kept_digest)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
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
      decision.entities.map(storable),
      decision.team === undefined ? null : storable(decision.team),
      toJson(decision.details ?? {}),
      decision.input,
      kept ?? null,
    ],
  );
}

export async function findDecision(sql: Sql, id: string): Promise<StoredDecision | undefined> {
  const { rows } = await sql.query<DecisionRow>("select * from standards.decision where id = $1", [id]);
  return rows[0] && toDecision(rows[0]);
}

/** Newest first; ids grow with time. `before`: the last id of the page before. */
export async function selectDecisions(
  sql: Sql,
  o: { before?: string | undefined; verdict?: Verdict | undefined; entity?: string | undefined; since?: Date | undefined; limit: number },
): Promise<StoredDecision[]> {
  const { rows } = await sql.query<DecisionRow>(
    `select * from standards.decision
     where ($1::text is null or id < $1) and ($2::text is null or verdict = $2) and ($4::timestamptz is null or at >= $4) and ($5::text is null or entities @> array[$5])
     order by id desc limit $3`,
    [o.before ?? null, o.verdict ?? null, o.limit, o.since ?? null, o.entity ?? null],
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
  readonly entities: string[];
  readonly team: string | null;
  readonly details: Record<string, string>;
  readonly input: Decision["input"];
  readonly kept_digest: string | null;
}

/** A decision with the digest under which its input is kept. */
export type StoredDecision = Decision & { readonly kept: string | undefined };

function toDecision({ at, input_digest, team, details, kept_digest, ...row }: DecisionRow): StoredDecision {
  return {
    ...row,
    at: at.toISOString(),
    inputDigest: input_digest,
    ...(team === null ? {} : { team }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
    kept: kept_digest ?? undefined,
  };
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "string" ? storable(inner) : inner));
}

/** Postgres holds neither NUL nor half a surrogate pair. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
