import type { PolicyMoment } from "@roadbed/contracts/standards";
import type { Stage } from "@roadbed/contracts/standards/stages";
import type { Row, Sql } from "@roadbed/core";

/** What was said of a policy or a pack; which of them counts is decided by `stage.ts`. */
export type StageRow = Omit<Stage, "state">;

export async function insertStage(sql: Sql, stage: StageRow): Promise<void> {
  await sql.query(
    `insert into standards.stage (id, policy, pack, moments, action, from_at, reason, set_by, set_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      stage.id,
      stage.policy ?? null,
      stage.pack ?? null,
      stage.moments ?? null,
      stage.action,
      stage.from,
      stage.reason ?? null,
      stage.setBy,
      stage.setAt,
    ],
  );
}

/** All of them, the latest first. There are as many as people said: tens, rarely hundreds. */
export async function selectStages(sql: Sql): Promise<StageRow[]> {
  const { rows } = await sql.query<DatabaseRow>("select * from standards.stage order by from_at desc, id desc limit 5000");
  return rows.map(({ policy, pack, moments, from_at, reason, set_by, set_at, ...row }) => ({
    ...row,
    ...(policy === null ? {} : { policy }),
    ...(pack === null ? {} : { pack }),
    ...(moments === null ? {} : { moments }),
    ...(reason === null ? {} : { reason }),
    from: from_at.toISOString(),
    setBy: set_by,
    setAt: set_at.toISOString(),
  }));
}

export async function deleteStage(sql: Sql, id: string): Promise<StageRow | undefined> {
  const found = (await selectStages(sql)).find((stage) => stage.id === id);
  await sql.query("delete from standards.stage where id = $1", [id]);
  return found;
}

interface DatabaseRow extends Row {
  readonly id: string;
  readonly policy: string | null;
  readonly pack: string | null;
  readonly moments: PolicyMoment[] | null;
  readonly action: Stage["action"];
  readonly from_at: Date;
  readonly reason: string | null;
  readonly set_by: string;
  readonly set_at: Date;
}
