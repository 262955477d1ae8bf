import type { ClickHouse } from "@roadbed/clickhouse";
import { sloAlerted, sloJudged } from "@roadbed/contracts/telemetry/slos";
import type { Ctx, Logger, Sql } from "@roadbed/core";

import type { ObjectiveDeps } from "../deps.ts";
import { declareIncident, endIncident } from "../incident/declare-incident.ts";
import { isSameAlert, nextAlert, QUIET, type Alert, type AlertAct } from "./alert-machine.ts";
import { judgeRules } from "./alert-rules.ts";
import { countSlo } from "./count-slo.ts";
import { figuresOf, percent, stateOf } from "./figures.ts";
import { alertSlo } from "./internal-operations.ts";
import { readCounts, type SloCounts } from "./read-counts.ts";
import { objectiveOf, type SloRow } from "./slo-store.ts";

const EVERY_MS = 10_000;
const AT_ONCE = 50;
/** Another server that looks at the same time takes others; one that was killed has let go of its own after this. */
const CLAIM = "90 seconds";
/** The whole window is looked through for what came late at every so-manieth minute, and while something of it is not counted. */
const WHOLE_EVERY_MINUTES = 5;
/** A new objective, whose past may still be on its way, is looked through each time. */
const NEW_MS = 3_600_000;

export interface SloWatch {
  /** Looks at everything that is due at this time; answers when it is done. */
  look(now?: Date): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** Counts objectives each minute and judges their burn. The rows say what is due, so a restart loses nothing and two servers share the work. */
export function createSloWatch(o: {
  readonly clickhouse: ClickHouse;
  readonly log: Logger;
  readonly deps: ObjectiveDeps;
  readonly now: () => Date;
}): SloWatch {
  const { clickhouse, log, deps } = o;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const stopping = new AbortController();

  async function lookAtDue(now: Date): Promise<void> {
    // Whatever the clock did: nothing is due later than in a minute.
    await deps.db.query("update telemetry.slo set look_at = $1 where look_at > $1::timestamptz + interval '2 minutes'", [now]);
    for (;;) {
      const { rows } = await deps.db.query<SloRow>(
        `update telemetry.slo set look_at = $1::timestamptz + interval '${CLAIM}' where name in
           (select name from telemetry.slo where look_at <= $1 order by look_at, name limit ${AT_ONCE} for update skip locked)
         returning *`,
        [now],
      );
      for (const row of rows) {
        if (stopping.signal.aborted) return;
        await lookSafely(row, now);
      }
      if (rows.length < AT_ONCE) return;
    }
  }

  async function lookSafely(row: SloRow, now: Date): Promise<void> {
    try {
      await lookAt(row, now);
    } catch (error) {
      // What cannot be counted now stays as it was and is looked at again: neither well nor ill.
      log.warn("an objective could not be counted", { slo: row.name, error: String(error) });
    }
  }

  async function lookAt(row: SloRow, now: Date): Promise<void> {
    const before = row.figures?.uncounted ?? 1;
    const isNew = now.getTime() - row.changed_at.getTime() < NEW_MS;
    const whole = before > 0 || isNew || Math.floor(now.getTime() / 60_000) % WHOLE_EVERY_MINUTES === 0;
    const uncounted = await countSlo(clickhouse, row, { now, whole });
    const counts = await readCounts(clickhouse, row, now);
    await judge(row, counts, uncounted, now);
  }

  async function judge(row: SloRow, counts: SloCounts, uncounted: number, now: Date): Promise<void> {
    const judged = judgeRules(objectiveOf(row), counts.burns, now);
    const { alert, act } = nextAlert(row.alert, judged, now);
    const moved = act.kind !== "none" || !isSameAlert(row.alert, alert);
    const next = moved ? await moveAlert(row, alert, act, now) : row.alert;
    if (next === undefined) return;
    const { count, burns, lastEventAt } = counts;
    const figures = figuresOf({ objective: objectiveOf(row), count, burns, lastEventAt, uncounted, now });
    const firing = next.firing.map(({ rule }) => rule);
    const { state } = stateOf(objectiveOf(row), figures, firing);
    const write = async (sql: Sql): Promise<boolean> => {
      // What was changed meanwhile is counted anew: these figures are of another definition.
      const { rowCount } = await sql.query(
        `update telemetry.slo set figures = $3, remaining = $4, state = $5, look_at = $6 where name = $1 and revision = $2`,
        [row.name, row.revision, JSON.stringify(figures), figures.remaining ?? null, state, dueAfter(now, uncounted)],
      );
      return rowCount > 0;
    };
    if (state === row.state) await write(deps.db);
    else
      await deps.runtime.write(deps.runtime.system("telemetry.slo"), alertSlo, { name: row.name, act: "judge" }, undefined, async (ctx) => {
        if (await write(ctx.sql)) ctx.emit(sloJudged, row.name, { slo: row.name, entityRef: row.entity_ref, state });
      });
  }

  /** Undefined where somebody else moved it first, or removed it. */
  function moveAlert(row: SloRow, alert: Alert, act: AlertAct, now: Date): Promise<Alert | undefined> {
    const call = deps.runtime.system("telemetry.slo");
    return deps.runtime.write(call, alertSlo, { name: row.name, act: act.kind }, undefined, async (ctx) => {
      const { rows } = await ctx.sql.query<SloRow>("select * from telemetry.slo where name = $1 for update", [row.name]);
      const [locked] = rows;
      if (locked === undefined || locked.revision !== row.revision || !isSameAlert(locked.alert, row.alert)) return undefined;
      const next = await actOn(ctx, row, alert, act, now);
      await ctx.sql.query("update telemetry.slo set alert = $2 where name = $1", [row.name, JSON.stringify(next)]);
      const incidentId = next.incident?.id ?? row.alert.incident?.id;
      ctx.emit(sloAlerted, row.name, {
        slo: row.name,
        entityRef: row.entity_ref,
        firing: next.firing.map(({ rule }) => rule),
        ...(incidentId === undefined ? {} : { incidentId }),
      });
      return next;
    });
  }

  async function actOn(ctx: Ctx, row: SloRow, alert: Alert, act: AlertAct, now: Date): Promise<Alert> {
    if (act.kind === "open") {
      const { id } = await open(ctx, row, act.severity, now, `${row.title}: the error budget burns too fast`);
      return { ...alert, incident: { id, severity: act.severity } };
    }
    if (act.kind === "close" && row.alert.incident !== undefined) {
      const summary = `Both windows of every alert of ${row.name} are under their threshold again; ${percent(row.target)} is the target.`;
      await endIncident(ctx, row.alert.incident.id, { at: now, summary });
      return QUIET;
    }
    if (act.kind === "escalate" && row.alert.incident !== undefined) {
      const { id } = row.alert.incident;
      const { rows } = await ctx.sql.query("update telemetry.incident set severity = $2 where id = $1 and closed_at is null returning id", [
        id,
        act.severity,
      ]);
      // Somebody closed it although it goes on: what is heavier than what they knew of is told anew.
      if (rows.length === 0) {
        const again = await open(ctx, row, act.severity, now, `${row.title}: the error budget burns faster still`);
        return { ...alert, incident: { id: again.id, severity: act.severity } };
      }
    }
    return alert;
  }

  async function open(ctx: Ctx, row: SloRow, severity: "critical" | "high" | "low", now: Date, title: string) {
    const onCall = await deps.things.onCallOf(row.entity_ref).catch(() => []);
    return declareIncident(ctx, {
      title: title.slice(0, 200),
      service: row.service,
      entityRef: row.entity_ref,
      severity,
      openedAt: now,
      sample: row.sample,
      onCall,
      link: `/slos/${row.name}`,
    });
  }

  const watch: SloWatch = {
    look(now = o.now()) {
      running ??= lookAtDue(now).finally(() => (running = undefined));
      return running;
    },
    start() {
      const tick = (): void => {
        watch.look().catch((error: unknown) => log.error("objectives could not be looked at", { error: String(error) }));
      };
      timer = setInterval(tick, deps.everyMs ?? EVERY_MS);
      timer.unref();
      tick();
    },
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await running?.catch(() => {});
    },
  };
  return watch;
}

/** At the next minute, when another one has settled; at once while the past is being counted. */
function dueAfter(now: Date, uncounted: number): Date {
  if (uncounted > 0) return now;
  return new Date((Math.floor(now.getTime() / 60_000) + 1) * 60_000 + 20_000);
}
