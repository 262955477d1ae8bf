import { formatActor, InvalidError, NotFoundError, type Ctx, type Sql } from "@roadbed/core";
import type { ProposalEdits } from "@roadbed/contracts/catalog/proposals";

import type { Draft } from "../combine/draft.ts";
import { columnsOf, PROPOSAL_COLUMNS, type ProposalRow } from "./proposal-row.ts";
import type { Settlement } from "./settle-proposals.ts";

/** Lets one transaction at a time make or decide proposals, in whichever process. */
export async function lockProposals(sql: Sql): Promise<void> {
  await sql.query("select pg_advisory_xact_lock(hashtext('catalog.proposal'))");
}

export async function readProposals(sql: Sql): Promise<ProposalRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${PROPOSAL_COLUMNS} from catalog.proposal`);
  return rows as unknown as ProposalRow[];
}

/** Throws `NotFoundError`. */
export async function getProposalRow(sql: Sql, id: string): Promise<ProposalRow> {
  const [row] = await proposalsById(sql, [id]);
  if (!row) throw new NotFoundError("proposal", id, "List the proposals to see their ids; one whose evidence is gone is withdrawn.");
  return row;
}

export async function proposalsById(sql: Sql, ids: readonly string[]): Promise<ProposalRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${PROPOSAL_COLUMNS} from catalog.proposal where id = any($1)`, [ids]);
  return rows as unknown as ProposalRow[];
}

/** What a list, an acceptance or a refusal is about. */
export interface ProposalQuery {
  readonly state?: ProposalRow["state"] | undefined;
  readonly kind?: string | undefined;
  readonly repository?: string | undefined;
  readonly minConfidence?: number | undefined;
  readonly owner?: "known" | "unknown" | undefined;
  readonly changed?: boolean | undefined;
  readonly text?: string | undefined;
}

/** A condition and its values, beginning at `$1`. `hidden`: references that are not there for the caller. */
export function conditionOf(query: ProposalQuery, hidden: ReadonlySet<string>): { readonly where: string; readonly values: unknown[] } {
  const values: unknown[] = [];
  const parts: string[] = [];
  const add = (part: (at: string) => string, value: unknown): void => {
    values.push(value);
    parts.push(part(`$${values.length}`));
  };
  if (query.state !== undefined) add((at) => `state = ${at}`, query.state);
  if (query.kind !== undefined) add((at) => `kind = ${at}`, query.kind.toLowerCase());
  if (query.repository !== undefined) add((at) => `repository = ${at}`, query.repository);
  if (query.minConfidence !== undefined) add((at) => `confidence >= ${at}`, query.minConfidence);
  if (query.owner === "known") parts.push("owner is not null");
  // People and teams have no owner: that is nothing to mend.
  if (query.owner === "unknown") parts.push("owner is null and kind not in ('group', 'user') and action = 'create'");
  if (query.changed === true) parts.push("changes::text <> '[]'");
  if (query.text !== undefined && query.text.trim() !== "") {
    const pattern = `%${query.text.trim().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    add((at) => `(ref ilike ${at} or reason ilike ${at} or repository ilike ${at})`, pattern);
  }
  if (hidden.size > 0) add((at) => `ref <> all(${at})`, [...hidden]);
  return { where: parts.length === 0 ? "true" : parts.join(" and "), values };
}

/** By id, or by filter, surest first; and how many more there are. */
export async function selectProposals(
  sql: Sql,
  { ids, limit, ...query }: ProposalQuery & { readonly ids?: readonly string[] | undefined; readonly limit: number },
  hidden: ReadonlySet<string>,
): Promise<{ readonly rows: readonly ProposalRow[]; readonly left: number }> {
  if (ids !== undefined) {
    const rows = (await proposalsById(sql, ids)).filter(({ ref }) => !hidden.has(ref));
    const missing = ids.find((id) => !rows.some((row) => row.id === id));
    if (missing !== undefined) throw new NotFoundError("proposal", missing, "List the proposals to see their ids.");
    return { rows, left: 0 };
  }
  if (Object.entries(query).every(([key, value]) => value === undefined || key === "state")) {
    throw new InvalidError("Neither ids nor a filter is given.", {
      mend: "Name ids, or filter, e.g. by the least confidence.",
      problems: [{ at: "ids", reason: "is missing" }],
    });
  }
  const { where, values } = conditionOf(query, hidden);
  const { rows } = await sql.query<Record<string, unknown> & { matching: number }>(
    `select ${PROPOSAL_COLUMNS}, count(*) over ()::int as matching from catalog.proposal where ${where} order by confidence desc, id limit ${limit}`,
    values,
  );
  return { rows: rows as unknown as ProposalRow[], left: (rows[0]?.matching ?? 0) - rows.length };
}

/** Writes a settlement, rows of a batch at a time; a proposal that another process added meanwhile is left as it is. */
export async function writeSettlement(sql: Sql, { added, changed, withdrawn }: Settlement, now: Date): Promise<void> {
  for (let start = 0; start < added.length; start += BATCH) {
    const batch = added.slice(start, start + BATCH).map(({ id, draft, hash }) => ({ id, hash, ...storedOf(draft, {}) }));
    await sql.query(
      `insert into catalog.proposal (id, key, action, kind, ref, confidence, owner, repository, dir, reason, draft, draft_hash, created_at, updated_at)
       select p.id, p.key, p.action, p.kind, p.ref, p.confidence, p.owner, p.repository, p.dir, p.reason, p.draft, p.hash, $2, $2
       from json_to_recordset($1::json) as p(id text, key text, action text, kind text, ref text, confidence float8, owner text, repository text, dir text, reason text, draft json, hash text)
       on conflict do nothing`,
      [clean(JSON.stringify(batch)), now],
    );
  }
  for (let start = 0; start < changed.length; start += BATCH) {
    const batch = changed
      .slice(start, start + BATCH)
      .map(({ row, draft, hash, state, changes }) => ({ id: row.id, hash, state, changes, ...storedOf(draft, row.edits) }));
    await sql.query(
      `update catalog.proposal o set ref = case when p.state = 'accepted' then o.ref else p.ref end, confidence = p.confidence, owner = p.owner, repository = p.repository,
         dir = p.dir, reason = p.reason, draft = p.draft, draft_hash = p.hash, state = p.state, changes = p.changes, updated_at = $2
       from json_to_recordset($1::json) as p(id text, ref text, confidence float8, owner text, repository text, dir text, reason text, draft json, hash text, state text, changes json)
       where o.id = p.id`,
      [clean(JSON.stringify(batch)), now],
    );
  }
  if (withdrawn.length > 0) await sql.query("delete from catalog.proposal where id = any($1) and state = 'open'", [withdrawn]);
}

const BATCH = 500;

function storedOf(draft: Draft, edits: ProposalEdits): Record<string, unknown> {
  const { key, action, confidence, repository, dir } = draft;
  return { key, action, confidence, repository, dir, draft, ...columnsOf(draft, edits) };
}

/** Postgres keeps no NUL in a text; a file can hold anything. */
export function clean(json: string): string {
  return json.replaceAll(String.raw`\u0000`, String.raw`\ufffd`);
}

export async function writeEdits(sql: Sql, row: ProposalRow, edits: ProposalEdits, now: Date): Promise<void> {
  const { ref, owner } = columnsOf(row.draft, edits);
  await sql.query("update catalog.proposal set edits = $2, ref = $3, owner = $4, updated_at = $5 where id = $1", [
    row.id,
    JSON.stringify(edits),
    ref,
    owner,
    now,
  ]);
}

/** Notes a decision, with what it was made on. */
export async function writeDecision(
  ctx: Pick<Ctx, "sql" | "actor" | "now">,
  decisions: readonly { readonly id: string; readonly decidedOn: readonly string[]; readonly acceptedRef?: string }[],
  state: "accepted" | "refused",
  reason: string | undefined,
): Promise<void> {
  if (decisions.length === 0) return;
  await ctx.sql.query(
    `update catalog.proposal o set state = $2, decided_on = array(select json_array_elements_text(d.on)), accepted_ref = d.ref, ref = coalesce(d.ref, o.ref), changes = '[]',
       decided_by = $3, decided_at = $4, decision_reason = $5, updated_at = $4
     from json_to_recordset($1::json) as d(id text, "on" json, ref text) where o.id = d.id`.replaceAll("d.on", 'd."on"'),
    [
      JSON.stringify(decisions.map(({ id, decidedOn, acceptedRef }) => ({ id, on: decidedOn, ref: acceptedRef ?? null }))),
      state,
      formatActor(ctx.actor),
      ctx.now(),
      reason ?? null,
    ],
  );
}

/** References that proposals were given instead of those they are drafted with. */
export async function readRenames(sql: Sql): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql.query<{ drafted: string; ref: string }>(
    "select draft->>'ref' as drafted, ref from catalog.proposal where action = 'create' and state <> 'refused' and draft->>'ref' <> ref",
  );
  return new Map(rows.map(({ drafted, ref }) => [drafted, ref]));
}
