import type { Change, ChangeConflict, ChangeState } from "@roadbed/contracts/delivery/changes";
import { NotFoundError, type Sql } from "@roadbed/core";

export interface ChangeRow extends Record<string, unknown> {
  readonly id: string;
  readonly key: string;
  readonly repository: string;
  readonly entity_ref: string;
  readonly branch: string;
  readonly target: string;
  readonly title: string;
  readonly body: string;
  readonly status: "open" | "merged" | "closed";
  readonly state: ChangeState;
  readonly base: string;
  readonly head: string;
  readonly made_head: string | null;
  readonly conflicts: readonly ChangeConflict[];
  readonly opened_by: string;
  readonly opened_at: Date;
  readonly ended_by: string | null;
  readonly ended_at: Date | null;
  readonly note: string | null;
  /** Of a change that promotes: the components whose releases it brings. */
  readonly about: readonly string[] | null;
}

/** The target of a change is the default branch, whose newest commit is written down with each push, or the branch of an environment. */
const STANDING = `
  select c.*, r.entity_ref, case when c.status <> 'open' then c.status when jsonb_array_length(c.conflicts) > 0 then 'conflicting'
    when (case when c.about is null then r.head else (select b.head from delivery.gitops_branch b where b.branch = c.target) end)
      is distinct from c.base then 'behind' else 'ready' end as state
  from delivery.change c join delivery.repository r on r.name = c.repository`;

/** Holds the row until the transaction ends when `lock`. Throws `NotFoundError`. */
export async function readChange(sql: Sql, id: string, lock = false): Promise<ChangeRow> {
  const { rows } = await sql.query<ChangeRow>(`${STANDING} where c.id = $1${lock ? " for update of c" : ""}`, [id]);
  if (rows[0] !== undefined) return rows[0];
  throw new NotFoundError("proposed change", id, "See roadbed change list.");
}

export async function findChangeByKey(sql: Sql, key: string): Promise<ChangeRow | undefined> {
  const { rows } = await sql.query<ChangeRow>(`${STANDING} where c.key = $1`, [key]);
  return rows[0];
}

/** The open changes that a push to this branch concerns: their own branch, or their target. */
export async function findChangesOf(sql: Sql, repository: string, branch: string): Promise<ChangeRow[]> {
  const { rows } = await sql.query<ChangeRow>(
    `${STANDING} where c.repository = $1 and c.status = 'open' and (c.branch = $2 or c.target = $2) order by c.id for update of c`,
    [repository, branch],
  );
  return rows;
}

export interface ChangeFilter {
  readonly repository?: string | undefined;
  readonly state?: ChangeState | undefined;
  readonly open?: boolean | undefined;
  readonly before?: string | undefined;
  readonly hidden: readonly string[];
  readonly limit: number;
}

export async function listChangeRows(sql: Sql, filter: ChangeFilter): Promise<ChangeRow[]> {
  const { rows } = await sql.query<ChangeRow>(
    `select * from (${STANDING}) s where ($1::text is null or repository = $1) and ($2::text is null or state = $2)
     and ($3::boolean is null or (status = 'open') = $3) and ($4::text is null or id < $4) and entity_ref <> all($5::text[]) and (about is null or not about && $5::text[])
     order by id desc limit $6`,
    [filter.repository ?? null, filter.state ?? null, filter.open ?? null, filter.before ?? null, filter.hidden, filter.limit],
  );
  return rows;
}

export function toChange(row: ChangeRow): Change {
  return {
    id: row.id,
    repository: row.repository,
    entityRef: row.about?.length === 1 ? row.about[0]! : row.entity_ref,
    branch: row.branch,
    target: row.target,
    title: row.title,
    body: row.body,
    state: row.state,
    conflicts: [...row.conflicts],
    openedBy: row.opened_by,
    openedAt: row.opened_at.toISOString(),
    head: row.head,
    base: row.base,
    ...(row.ended_by === null ? {} : { endedBy: row.ended_by }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    ...(row.note === null ? {} : { note: row.note }),
  };
}
