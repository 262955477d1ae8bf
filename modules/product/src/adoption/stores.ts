import { Capability, type Push } from "@roadbed/contracts/product/adoption";
import type { Sql } from "@roadbed/core";

import type { Pushed } from "./adoption.ts";
import { BUILT_IN, patternOf } from "./capability.ts";
import { DAY_SQL, dayOfText, textOfDay, type DayNumber } from "./days.ts";
import type { TeamChange } from "./team-history.ts";

/** What is offered, by name: what comes with Roadbed, and what was saved instead or beside. */
export async function readCapabilities(sql: Sql): Promise<readonly { readonly capability: Capability; readonly builtIn: boolean }[]> {
  const { rows } = await sql.query<{ definition: unknown }>("select definition from product.capability order by name");
  const saved = rows.map(({ definition }) => Capability.parse(definition));
  const names = new Set(saved.map(({ name }) => name));
  return [
    ...BUILT_IN.filter(({ name }) => !names.has(name)).map((capability) => ({ capability, builtIn: true })),
    ...saved.map((capability) => ({ capability, builtIn: false })),
  ].sort((a, b) => (a.capability.name < b.capability.name ? -1 : 1));
}

export interface StoredPush extends Pushed {
  readonly id: string;
  readonly capability: string;
  readonly scope: string;
}

interface PushRow extends Record<string, unknown> {
  readonly id: string;
  readonly kind: "mandate" | "invitation";
  readonly capability: string;
  readonly scope: string;
  readonly day: number;
  readonly enforced: number | null;
  readonly ended: number | null;
  readonly why: string;
  readonly decision: string | null;
  readonly recorded_by: string;
}
export const PUSH_COLUMNS = `id, kind, capability, scope, ${DAY_SQL("at")} as day, ${DAY_SQL("enforced_at")} as enforced, ${DAY_SQL("ended_at")} as ended, why, decision, recorded_by`;

export async function readPushes(sql: Sql): Promise<readonly StoredPush[]> {
  const { rows } = await sql.query<PushRow>(`select ${PUSH_COLUMNS} from product.push order by at`);
  return rows.map(({ id, kind, capability, scope, day, ended }) => ({ id, kind, capability, scope, at: day, endedAt: ended ?? undefined }));
}

export function toPush(row: Record<string, unknown>): Push {
  const { id, kind, capability, scope, day, enforced, ended, why, decision, recorded_by: by } = row as PushRow;
  return {
    id,
    kind,
    capability,
    scope,
    at: textOfDay(day),
    ...(enforced === null ? {} : { enforcedAt: textOfDay(enforced) }),
    ...(ended === null ? {} : { endedAt: textOfDay(ended) }),
    why,
    ...(decision === null ? {} : { decision }),
    by,
  };
}

export interface Register {
  readonly completeSince: string;
  readonly why: string;
  readonly by: string;
}

export async function readRegister(sql: Sql): Promise<Register | undefined> {
  const { rows } = await sql.query<{ since: number; why: string; said_by: string }>(
    `select ${DAY_SQL("complete_since")} as since, why, said_by from product.register`,
  );
  const [row] = rows;
  return row && { completeSince: textOfDay(row.since), why: row.why, by: row.said_by };
}

export function sinceOf(register: Register | undefined): DayNumber | undefined {
  return register && dayOfText(register.completeSince);
}

export async function readTeamChanges(sql: Sql): Promise<readonly TeamChange[]> {
  const { rows } = await sql.query<{ before: string[]; after: string[]; day: number }>(
    `select before, after, ${DAY_SQL("at")} as day from product.team_change order by at, id`,
  );
  return rows.map(({ before, after, day }) => ({ from: before, to: after, at: day }));
}

/** Successful uses of these actions, by team and day; without a team under the empty name. */
export async function readDays(
  sql: Sql,
  actions: readonly string[],
): Promise<readonly { readonly team: string; readonly day: number; readonly events: number }[]> {
  const { rows } = await sql.query<{ team: string; day: number; events: number }>(
    `select team, ${DAY_SQL("day")} as day, sum(events)::integer as events from product.usage
     where action ~ $1 and outcome = 'done' group by team, day`,
    [patternOf(actions)],
  );
  return rows;
}

/** The action that failed last, by team. */
export async function readFailures(
  sql: Sql,
  actions: readonly string[],
  since: DayNumber,
): Promise<readonly { readonly team: string; readonly day: number; readonly action: string }[]> {
  const { rows } = await sql.query<{ team: string; day: number; action: string }>(
    `select distinct on (team) team, ${DAY_SQL("day")} as day, action from product.usage
     where action ~ $1 and outcome = 'failed' and day >= $2::date order by team, day desc, action`,
    [patternOf(actions), textOfDay(since)],
  );
  return rows;
}

/** Of the last 28 days, by face. What teams have the reader may see is asked by the caller. */
export async function readFaces(
  sql: Sql,
  o: { readonly actions: readonly string[]; readonly since: DayNumber; readonly teams: readonly string[] },
): Promise<
  readonly { readonly face: string; readonly outcome: "done" | "failed"; readonly automated: boolean; readonly events: number }[]
> {
  const { rows } = await sql.query<{ face: string; outcome: "done" | "failed"; automated: boolean; events: number }>(
    `select face, outcome, automated, sum(events)::integer as events from product.usage
     where action ~ $1 and day > $2::date and team = any($3) group by face, outcome, automated`,
    [patternOf(o.actions), textOfDay(o.since), o.teams],
  );
  return rows;
}

/** Components for which something was merged or deployed since then. */
export async function readDelivering(sql: Sql, since: Date): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ entity_ref: string }>(
    `select distinct entity_ref from product.change where merged_at >= $1
     union select distinct entity_ref from product.deployment where finished_at >= $1 and result is not null`,
    [since],
  );
  return new Set(rows.map(({ entity_ref }) => entity_ref));
}
