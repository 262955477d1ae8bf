import type { Execution, ExecutionStatus } from "@roadbed/contracts/delivery/executions";
import type { Row, Sql } from "@roadbed/core";

/** What one time of a job begins with. */
export interface NewExecution {
  readonly id: string;
  readonly entityRef: string;
  readonly environment: string;
  readonly trigger: Execution["trigger"];
  readonly status: ExecutionStatus;
  readonly dueAt: Date;
  readonly commit?: string | undefined;
  readonly askedBy?: string | undefined;
  readonly detail?: string | undefined;
  readonly missed?: number | undefined;
  readonly logAfter?: number | undefined;
  readonly startedAt?: Date | undefined;
  readonly endedAt?: Date | undefined;
}

/** How many times of one job are remembered. */
const KEPT = 1_000;

/** False when this time of the schedule stands there already. */
export async function insertExecution(sql: Sql, e: NewExecution): Promise<boolean> {
  const { rowCount } = await sql.query(
    `insert into delivery.execution
       (id, entity_ref, environment, trigger, status, due_at, commit, asked_by, detail, missed, log_after, started_at, ended_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing`,
    [
      e.id,
      e.entityRef,
      e.environment,
      e.trigger,
      e.status,
      e.dueAt,
      e.commit ?? null,
      e.askedBy ?? null,
      e.detail ?? null,
      e.missed ?? null,
      e.logAfter ?? null,
      e.startedAt ?? null,
      e.endedAt ?? null,
    ],
  );
  await sql.query(
    `delete from delivery.execution where entity_ref = $1 and environment = $2 and id <
       (select min(id) from (select id from delivery.execution where entity_ref = $1 and environment = $2 order by id desc limit ${KEPT}) kept)`,
    [e.entityRef, e.environment],
  );
  return rowCount === 1;
}

/** Moves one that waits to running; undefined when it does not wait any more. */
export async function beginExecution(
  sql: Sql,
  id: string,
  o: { readonly commit: string; readonly logAfter: number; readonly at: Date },
): Promise<Execution | undefined> {
  const { rows } = await sql.query(
    `update delivery.execution set status = 'running', commit = $2, log_after = $3, started_at = $4
     where id = $1 and status = 'queued' returning *`,
    [id, o.commit, o.logAfter, o.at],
  );
  return rows[0] && toExecution(rows[0]);
}

/** Undefined when it has ended already. */
export async function endExecution(
  sql: Sql,
  id: string,
  o: {
    readonly status: ExecutionStatus;
    readonly at: Date;
    readonly exitCode?: number | undefined;
    readonly detail?: string | undefined;
    readonly logUntil?: number | undefined;
  },
): Promise<Execution | undefined> {
  const { rows } = await sql.query(
    `update delivery.execution set status = $2, ended_at = $3, exit_code = $4, detail = $5, log_until = $6
     where id = $1 and status in ('queued', 'running') returning *`,
    [id, o.status, o.at, o.exitCode ?? null, o.detail ?? null, o.logUntil ?? null],
  );
  return rows[0] && toExecution(rows[0]);
}

export async function findExecution(sql: Sql, id: string): Promise<Execution | undefined> {
  const { rows } = await sql.query("select * from delivery.execution where id = $1", [id]);
  return rows[0] && toExecution(rows[0]);
}

export async function listExecutionRecords(
  sql: Sql,
  o: {
    readonly entityRef?: string | undefined;
    readonly environment?: string | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
    readonly hidden: readonly string[];
  },
): Promise<Execution[]> {
  const { rows } = await sql.query(
    `select * from delivery.execution
     where ($1::text is null or entity_ref = $1) and ($2::text is null or environment = $2) and ($3::text is null or id < $3)
       and not entity_ref = any($5)
     order by id desc limit $4`,
    [o.entityRef ?? null, o.environment ?? null, o.before ?? null, o.limit, o.hidden],
  );
  return rows.map(toExecution);
}

/** The newest of each of these jobs, by `<entity> <environment>`. */
export async function lastExecutions(sql: Sql, entityRefs: readonly string[]): Promise<ReadonlyMap<string, Execution>> {
  const { rows } = await sql.query(
    "select distinct on (entity_ref, environment) * from delivery.execution where entity_ref = any($1) order by entity_ref, environment, id desc",
    [entityRefs],
  );
  return new Map(rows.map(toExecution).map((execution) => [`${execution.entityRef} ${execution.environment}`, execution]));
}

/** Those that a server which is gone has left without an end. */
export async function listUnended(sql: Sql): Promise<Execution[]> {
  const { rows } = await sql.query("select * from delivery.execution where status in ('queued', 'running') order by id");
  return rows.map(toExecution);
}

/** Until when a schedule was followed. */
export interface Followed {
  readonly cron: string;
  readonly timeZone: string;
  readonly until: string;
}

export async function readFollowed(sql: Sql, entityRef: string, environment: string): Promise<Followed | undefined> {
  const { rows } = await sql.query<{ followed: Followed | null }>(
    "select followed from delivery.workload where entity_ref = $1 and environment = $2",
    [entityRef, environment],
  );
  return rows[0]?.followed ?? undefined;
}

/** Null: it is stopped on purpose, and nothing is missed meanwhile. */
export async function writeFollowed(sql: Sql, entityRef: string, environment: string, followed: Followed | null): Promise<void> {
  await sql.query("update delivery.workload set followed = $3 where entity_ref = $1 and environment = $2", [
    entityRef,
    environment,
    followed === null ? null : JSON.stringify(followed),
  ]);
}

function toExecution(row: Row): Execution {
  const optional = <T>(name: string): T | undefined => (row[name] as T | null) ?? undefined;
  const instant = (name: string): string | undefined => optional<Date>(name)?.toISOString();
  return {
    id: row["id"] as string,
    entityRef: row["entity_ref"] as string,
    environment: row["environment"] as string,
    trigger: row["trigger"] as Execution["trigger"],
    status: row["status"] as ExecutionStatus,
    dueAt: instant("due_at")!,
    ...Object.fromEntries(
      Object.entries({
        commit: optional<string>("commit"),
        askedBy: optional<string>("asked_by"),
        detail: optional<string>("detail"),
        missed: optional<number>("missed"),
        exitCode: optional<number>("exit_code"),
        logAfter: optional<number>("log_after"),
        logUntil: optional<number>("log_until"),
        startedAt: instant("started_at"),
        endedAt: instant("ended_at"),
      }).filter(([, value]) => value !== undefined),
    ),
  };
}
