import { mendChanged, type Mend, type MendState } from "@roadbed/contracts/standards/mends";
import type { Ctx, Row, Sql } from "@roadbed/core";

/** A mend as it is stored. */
export interface MendRow extends Row {
  readonly id: string;
  readonly ref: string;
  readonly scorecard: string;
  readonly rule: string;
  readonly title: string;
  readonly state: MendState;
  readonly reason: string | null;
  readonly given: Readonly<Record<string, string>>;
  readonly system: "embedded" | "github" | "gitlab" | null;
  readonly host: string | null;
  readonly path: string | null;
  readonly repository: string | null;
  readonly branch: string | null;
  readonly number: string | null;
  readonly link: string | null;
  readonly campaign: string | null;
  readonly wave: number;
  readonly by_actor: string;
  readonly by_name: string;
  readonly at: Date;
  readonly changed_at: Date;
  readonly tries: number;
}

export interface NewMend {
  readonly id: string;
  readonly ref: string;
  readonly scorecard: string;
  readonly rule: string;
  readonly title: string;
  readonly given: Readonly<Record<string, string>>;
  readonly campaign?: string | undefined;
  readonly wave: number;
  readonly actor: string;
  readonly name: string;
}

/** Undefined where there is one for the same rule and thing that is not settled. */
export async function insertMend(ctx: Ctx, mend: NewMend): Promise<MendRow | undefined> {
  const { rows } = await ctx.sql.query<MendRow>(
    `insert into standards.mend (id, ref, scorecard, rule, title, state, given, campaign, wave, by_actor, by_name, at, changed_at, next_at)
     values ($1, $2, $3, $4, $5, 'waiting', $6, $7, $8, $9, $10, $11, $11, $11) on conflict do nothing returning *`,
    [
      mend.id,
      mend.ref,
      mend.scorecard,
      mend.rule,
      mend.title,
      JSON.stringify(mend.given),
      mend.campaign ?? null,
      mend.wave,
      mend.actor,
      mend.name,
      ctx.now(),
    ],
  );
  const [row] = rows;
  if (row) tell(ctx, row);
  return row;
}

export async function findUnsettled(
  sql: Sql,
  o: { readonly ref: string; readonly scorecard: string; readonly rule: string },
): Promise<MendRow | undefined> {
  const { rows } = await sql.query<MendRow>(
    "select * from standards.mend where ref = $1 and scorecard = $2 and rule = $3 and state in ('waiting', 'open')",
    [o.ref, o.scorecard, o.rule],
  );
  return rows[0];
}

/** The newest per rule. */
export async function newestMends(sql: Sql, ref: string, scorecard: string): Promise<ReadonlyMap<string, MendRow>> {
  const { rows } = await sql.query<MendRow>(
    "select distinct on (rule) * from standards.mend where ref = $1 and scorecard = $2 order by rule, id desc",
    [ref, scorecard],
  );
  return new Map(rows.map((row) => [row.rule, row]));
}

/** One whose turn it is, locked: a wave begins when all that came before it in the same campaign are settled. */
export async function takeDueMend(sql: Sql, now: Date): Promise<MendRow | undefined> {
  const { rows } = await sql.query<MendRow>(
    `select * from standards.mend m where next_at <= $1 and (state = 'open' and system <> 'embedded' or state = 'waiting' and not exists (
       select 1 from standards.mend e where e.campaign = m.campaign and e.rule = m.rule and e.wave < m.wave and e.state in ('waiting', 'open')))
     order by next_at limit 1 for update skip locked`,
    [now],
  );
  return rows[0];
}

export async function lockOpenMend(sql: Sql, id: string): Promise<MendRow | undefined> {
  const { rows } = await sql.query<MendRow>("select * from standards.mend where id = $1 and state in ('waiting', 'open') for update", [id]);
  return rows[0];
}

export interface MendChange {
  readonly state: MendState;
  readonly reason?: string | undefined;
  readonly system?: string;
  readonly host?: string;
  readonly path?: string;
  readonly repository?: string;
  readonly branch?: string;
  readonly number?: string;
  readonly link?: string;
  readonly tries?: number;
  readonly nextAt?: Date;
}

/** Writes what became of it; told only when it is something else. */
export async function changeMend(ctx: Ctx, before: MendRow, to: MendChange): Promise<MendRow> {
  const isOther = to.state !== before.state;
  const { rows } = await ctx.sql.query<MendRow>(
    `update standards.mend set state = $2, reason = $3, system = coalesce($4, system), host = coalesce($5, host), path = coalesce($6, path),
       repository = coalesce($7, repository), branch = coalesce($8, branch), number = coalesce($9, number), link = coalesce($10, link),
       tries = $11, next_at = $12, changed_at = case when $13 then $14 else changed_at end where id = $1 returning *`,
    [
      before.id,
      to.state,
      to.reason ?? null,
      to.system ?? null,
      to.host ?? null,
      to.path ?? null,
      to.repository ?? null,
      to.branch ?? null,
      to.number ?? null,
      to.link ?? null,
      to.tries ?? 0,
      to.nextAt ?? ctx.now(),
      isOther,
      ctx.now(),
    ],
  );
  const row = rows[0]!;
  if (isOther) tell(ctx, row);
  return row;
}

function tell(ctx: Ctx, { id, ref, scorecard, rule, state, campaign }: MendRow): void {
  ctx.emit(mendChanged, ref, { mendId: id, ref, scorecard, rule, state, ...(campaign === null ? {} : { campaign }) });
}

export function toMend(row: MendRow): Mend {
  return {
    id: row.id,
    ref: row.ref,
    scorecard: row.scorecard,
    rule: row.rule,
    title: row.title,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.repository === null ? {} : { repository: row.repository }),
    ...(row.branch === null ? {} : { branch: row.branch }),
    ...(row.link === null ? {} : { link: row.link }),
    ...(row.campaign === null ? {} : { campaign: row.campaign }),
    wave: row.wave,
    by: row.by_actor,
    at: row.at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  };
}
