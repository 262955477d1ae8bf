import { NotFoundError, type Sql } from "@roadbed/core";

/** A campaign as it is stored. */
export interface CampaignRow {
  readonly name: string;
  readonly title: string;
  readonly scorecard: string;
  readonly level: string | null;
  readonly rules: readonly string[];
  readonly owners: readonly string[];
  readonly systems: readonly string[];
  readonly goal: number;
  /** `YYYY-MM-DD`. */
  readonly deadline: string;
  readonly brief: string;
  readonly owner: string | null;
  readonly remind_days: readonly number[];
  readonly state: "open" | "reached" | "over" | "ended";
  readonly started_at: Date;
  readonly closed_at: Date | null;
  readonly reminded: readonly number[];
}

const COLUMNS = `name, title, scorecard, level, rules, owners, systems, goal, deadline::text as deadline, brief, owner, remind_days, state,
  started_at, closed_at, reminded`;

/** Open ones first, those that end next before others. */
export async function listCampaignRows(
  sql: Sql,
  o: {
    readonly state?: string | undefined;
    readonly scorecard?: string | undefined;
    /** Those about everybody are about these too. */
    readonly owner?: string | undefined;
    readonly system?: string | undefined;
    readonly from: number;
    readonly limit: number;
  },
): Promise<CampaignRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from standards.campaign where ($1::text is null or state = $1) and ($2::text is null or scorecard = $2)
       and ($5::text is null or cardinality(owners) = 0 or $5 = any(owners))
       and ($6::text is null or cardinality(systems) = 0 or $6 = any(systems))
     order by state <> 'open', deadline, name offset $3 limit $4`,
    [o.state ?? null, o.scorecard ?? null, o.from, o.limit, o.owner ?? null, o.system ?? null],
  );
  return rows as unknown as CampaignRow[];
}

/** Throws `NotFoundError`. `lock` keeps it from being closed meanwhile. */
export async function requireCampaign(sql: Sql, name: string, lock = false): Promise<CampaignRow> {
  const row = await findCampaign(sql, name, lock);
  if (!row) throw new NotFoundError("campaign", name, "List the campaigns to see what there is.");
  return row;
}

export async function findCampaign(sql: Sql, name: string, lock = false): Promise<CampaignRow | undefined> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from standards.campaign where name = $1 ${lock ? "for update" : ""}`,
    [name],
  );
  return rows[0] as unknown as CampaignRow | undefined;
}

/** Those that are open and that no other process has at hand. */
export async function takeOpenCampaigns(sql: Sql): Promise<CampaignRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from standards.campaign where state = 'open' order by name for update skip locked`,
  );
  return rows as unknown as CampaignRow[];
}

export type CampaignFields = Omit<CampaignRow, "state" | "started_at" | "closed_at" | "reminded">;

/** When the deadline moves, reminders count anew. */
export async function writeCampaign(sql: Sql, c: CampaignFields, at: Date): Promise<void> {
  await sql.query(
    `insert into standards.campaign as c (name, title, scorecard, level, rules, owners, systems, goal, deadline, brief, owner, remind_days, started_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (name) do update set title = excluded.title, scorecard = excluded.scorecard, level = excluded.level, rules = excluded.rules,
       owners = excluded.owners, systems = excluded.systems, goal = excluded.goal, deadline = excluded.deadline, brief = excluded.brief,
       owner = excluded.owner, remind_days = excluded.remind_days,
       reminded = case when c.deadline = excluded.deadline then c.reminded else '{}' end`,
    [c.name, c.title, c.scorecard, c.level, c.rules, c.owners, c.systems, c.goal, c.deadline, c.brief, c.owner, c.remind_days, at],
  );
}

export async function closeCampaign(sql: Sql, name: string, state: CampaignRow["state"], at: Date): Promise<void> {
  await sql.query("update standards.campaign set state = $2, closed_at = $3 where name = $1", [name, state, at]);
}

export async function noteReminded(sql: Sql, name: string, reminded: readonly number[]): Promise<void> {
  await sql.query("update standards.campaign set reminded = $2 where name = $1", [name, reminded]);
}
