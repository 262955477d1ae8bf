import type { ClickHouse } from "@roadbed/clickhouse";
import type { getAiUse } from "@roadbed/contracts/telemetry/ai";
import type { Ctx, ParsedInputOf } from "@roadbed/core";

import type { Things } from "../deps.ts";
import { literal } from "../read/receipt.ts";
import { sqlTime, type Window } from "../read/window.ts";

export type Which = Omit<ParsedInputOf<typeof getAiUse>, "by" | "limit" | "from" | "to">;

/** Which rows are meant, as SQL. */
export interface CallsOf {
  /** The rows, with `who` as the agent a call was made for and `team` as whose its service is. */
  readonly from: string;
  readonly where: string;
  readonly params: Readonly<Record<string, string>>;
}

interface AiDeps {
  readonly clickhouse: ClickHouse;
  readonly things: Things;
}

/** The calls that somebody asks for, without those of services that they may not see. */
export async function callsOf(ctx: Ctx, { clickhouse, things }: AiDeps, window: Window, which: Which, agents: boolean): Promise<CallsOf> {
  const span = { from: sqlTime(window.from), to: sqlTime(window.to) };
  const o = { params: span, who: "telemetry.ai", signal: ctx.signal };
  const all = (await clickhouse.query<{ service: string }>(`select distinct service from ai_call where ${WITHIN}`, o)).map(
    ({ service }) => service,
  );
  const [whose, hidden] = await Promise.all([things.whoseServices(all), things.hiddenFrom(ctx)]);
  const hiddenRefs = new Set(hidden);
  const services = all.filter((service) => {
    const entity = whose.get(service);
    if (entity !== undefined && hiddenRefs.has(entity.ref)) return false;
    if (which.service !== undefined && which.service !== service) return false;
    if (which.entityRef !== undefined && entity?.ref !== which.entityRef) return false;
    return which.team === undefined || entity?.owner === which.team;
  });
  const teams = services.map((service) => whose.get(service)?.owner ?? "");
  const { environment, provider, model, prompt, agent, session } = which;
  const conditions = [
    WITHIN,
    "(calls != 0 or correction != '')",
    services.length === all.length ? "" : services.length === 0 ? "0" : `service in (${services.map(literal).join(", ")})`,
    environment === undefined ? "" : "environment = {environment:String}",
    provider === undefined ? "" : "provider = {provider:String}",
    model === undefined ? "" : "model = {model:String}",
    prompt === undefined ? "" : `(prompt_name = {prompt:String} or ${PROMPT} = {prompt:String})`,
    session === undefined ? "" : "session = {session:String}",
    agent === undefined ? "" : "who = {agent:String}",
  ];
  return {
    from: sourceSql(services, teams, agents || agent !== undefined),
    where: conditions.filter((each) => each !== "").join("\n    and "),
    params: withoutAbsent({ ...span, environment, provider, model, prompt, session, agent }),
  };
}

export const WITHIN = "time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')}";
export const PROMPT = "concat(prompt_name, if(prompt_version = '', '', concat('@', prompt_version)))";

/** A call tells seldom which agent made it; it is the one right above it, or else the one whose run lies around it, the shortest of them. */
function sourceSql(services: readonly string[], teams: readonly string[], agents: boolean): string {
  const team = services.length === 0 ? "''" : `transform(toString(service), ${literal(services)}, ${literal(teams)}, '')`;
  if (!agents) return `(select *, agent as who, ${team} as team from ai_call where ${WITHIN})`;
  return `(
    select c.*, ${team} as team,
      arraySort(
        run -> (run.4 != c.parent_span_id, run.2 - run.1),
        arrayFilter(run -> run.1 <= toUnixTimestamp64Nano(c.time) and run.2 >= toUnixTimestamp64Nano(c.time) + c.duration_ns, runs)
      ) as around,
      if(c.agent != '', toString(c.agent), if(empty(around), '', around[1].3)) as who
    from (select * from ai_call where ${WITHIN}) as c
    left any join (
      select trace_id, groupArray((toUnixTimestamp64Nano(time), toUnixTimestamp64Nano(time) + toInt64(duration_ns), toString(agent), span_id)) as runs
      from ai_call
      where time >= {from:DateTime64(3, 'UTC')} - toIntervalHour(6) and time < {to:DateTime64(3, 'UTC')} and operation = 'agent' and agent != ''
      group by trace_id
    ) as a on c.trace_id = a.trace_id
  )`;
}

function withoutAbsent(params: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

export type { AiDeps };
