import { changeChecked, type ChangeCheck, type CheckState } from "@roadbed/contracts/standards/checks";
import type { checkFiles } from "@roadbed/contracts/standards/files";
import type { Verdict } from "@roadbed/contracts/standards";
import { newId, type Ctx, type OutputOf, type Row, type Sql } from "@roadbed/core";

/** A check as it is stored. */
export interface CheckRow extends Row {
  readonly id: string;
  readonly system: "embedded" | "github" | "gitlab";
  readonly host: string;
  readonly path: string;
  readonly number: string;
  readonly head: string;
  readonly base: string;
  readonly state: CheckState;
  readonly verdict: Verdict | null;
  readonly result: OutputOf<typeof checkFiles> | null;
  readonly reason: string | null;
  /** Who let it be merged though it cannot be checked. */
  readonly override: { readonly by: string; readonly at: string; readonly reason: string } | null;
  readonly told: boolean;
  readonly tries: number;
  readonly at: Date;
  readonly changed_at: Date;
}

export type NewCheck = Pick<CheckRow, "system" | "host" | "path" | "number" | "head" | "base">;

/** Asks for a check of a commit, once; what waits for an older commit of the same change is superseded. */
export async function insertCheck(ctx: Ctx, check: NewCheck): Promise<CheckRow | undefined> {
  const { system, host, path, number, head, base } = check;
  const about = [system, host, path, number, head];
  const { rows: older } = await ctx.sql.query<CheckRow>(
    `update standards.change_check set state = 'superseded', reason = 'A newer commit came first.', changed_at = $6
     where system = $1 and host = $2 and path = $3 and number = $4 and head <> $5 and state = 'waiting' returning *`,
    [...about, ctx.now()],
  );
  for (const row of older) tell(ctx, row);
  const { rows } = await ctx.sql.query<CheckRow>(
    `insert into standards.change_check (id, system, host, path, number, head, base, at, changed_at, next_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8) on conflict do nothing returning *`,
    [newId("check", ctx.now().getTime()), ...about, base, ctx.now()],
  );
  const [row] = rows;
  if (row) tell(ctx, row);
  return row;
}

export async function takeWaiting(sql: Sql, now: Date): Promise<CheckRow | undefined> {
  const { rows } = await sql.query<CheckRow>(
    "select * from standards.change_check where state = 'waiting' and next_at <= $1 order by next_at limit 1 for update skip locked",
    [now],
  );
  return rows[0];
}

export async function findCheckOf(
  sql: Sql,
  o: Pick<CheckRow, "system" | "host" | "path" | "number" | "head">,
): Promise<CheckRow | undefined> {
  const { rows } = await sql.query<CheckRow>(
    "select * from standards.change_check where system = $1 and host = $2 and path = $3 and number = $4 and head = $5",
    [o.system, o.host, o.path, o.number, o.head],
  );
  return rows[0];
}

export async function changeCheck(
  ctx: Ctx,
  before: CheckRow,
  to: {
    readonly state: CheckState;
    readonly result?: OutputOf<typeof checkFiles>;
    readonly reason?: string | undefined;
    readonly told?: boolean;
    readonly tries?: number;
    readonly nextAt?: Date;
  },
): Promise<CheckRow> {
  const result = to.result ?? before.result;
  const { rows } = await ctx.sql.query<CheckRow>(
    `update standards.change_check set state = $2, verdict = $3, result = $4, reason = $5, told = $6, tries = $7, next_at = $8, changed_at = $9
     where id = $1 returning *`,
    [
      before.id,
      to.state,
      result?.verdict ?? null,
      result === null ? null : JSON.stringify(result),
      to.reason ?? null,
      to.told ?? before.told,
      to.tries ?? 0,
      to.nextAt ?? ctx.now(),
      ctx.now(),
    ],
  );
  const row = rows[0]!;
  if (row.state !== before.state) tell(ctx, row);
  return row;
}

function tell(ctx: Ctx, row: CheckRow): void {
  const { id, system, number: change, head, state, verdict } = row;
  ctx.emit(changeChecked, id, {
    checkId: id,
    system,
    repository: nameOf(row),
    change,
    head,
    state,
    ...(verdict === null ? {} : { verdict }),
  });
}

export function nameOf({ host, path }: Pick<CheckRow, "host" | "path">): string {
  return host === "" ? path : `${host}/${path}`;
}

export function toCheck(row: CheckRow): ChangeCheck {
  const { result } = row;
  return {
    id: row.id,
    system: row.system,
    repository: nameOf(row),
    change: row.number,
    head: row.head,
    state: row.state,
    ...(row.verdict === null ? {} : { verdict: row.verdict }),
    introduced: result?.introduced ?? 0,
    known: result?.known ?? 0,
    mended: result?.mended ?? 0,
    unread: result?.unread.length ?? 0,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.override === null ? {} : { override: row.override }),
    told: row.told || row.system === "embedded",
    at: row.at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  };
}
