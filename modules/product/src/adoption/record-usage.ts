import type { Call, Handler, Logger, Sql } from "@roadbed/core";

import type { Teams } from "../deps.ts";
import { dayOf, textOfDay, type DayNumber } from "./days.ts";

/** Often enough that what was just done is in every figure within five seconds. */
const FLUSH_MS = 2_000;
/** How long it is believed who is in which team. */
const TEAMS_MS = 60_000;
/** An open page asks again and again: the same question of the same person counts once an hour. */
const SAME_MS = 3_600_000;
/** More that could not be stored is given up: the platform goes on without its figures, not the other way round. */
const MOST_WAITING = 50_000;

export interface UsageRecorder {
  /** The same handlers; what goes through them by a face is counted. */
  meter(handlers: readonly Handler[]): Handler[];
  /** Something was used otherwise than by an operation. */
  note(call: Pick<Call, "actor" | "face">, action: string, outcome: Outcome, at?: Date): Promise<void>;
  /** Stores what was counted. */
  flush(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

type Outcome = "done" | "failed";
interface Counted {
  readonly day: DayNumber;
  readonly team: string;
  readonly action: string;
  readonly face: string;
  readonly automated: boolean;
  readonly outcome: Outcome;
}

/**
 * Counts what is used, by team and day. Who it was is needed for a moment, to know the team, and to count an open page once; it is in memory
 * only and is never stored. Jobs of the platform and whoever is not signed in are nobody's use.
 */
export function createUsageRecorder(o: {
  readonly db: Sql;
  readonly teams: Teams;
  readonly log: Logger;
  readonly now?: () => Date;
}): UsageRecorder {
  const now = o.now ?? (() => new Date());
  let waiting = new Map<string, { readonly counted: Counted; events: number }>();
  let seen = new Set<string>();
  let seenSince = now().getTime();
  const teamsOf = new Map<string, { readonly at: number; readonly teams: Promise<readonly string[]> }>();
  const underWay = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  const recorder: UsageRecorder = {
    meter: (handlers) =>
      handlers.map(({ operation, run }) => ({
        operation,
        run: async (ctx, input) => {
          const settle = (outcome: Outcome): void => {
            if (
              operation.risk === "read" &&
              isAgain(`${ctx.actor.kind} ${"id" in ctx.actor ? ctx.actor.id : ""} ${ctx.face} ${operation.name} ${outcome}`)
            )
              return;
            void recorder.note(ctx, operation.name, outcome);
          };
          try {
            const output = await run(ctx, input);
            settle("done");
            return output;
          } catch (error) {
            settle("failed");
            throw error;
          }
        },
      })),
    note(call, action, outcome, at = now()) {
      const noted = take(call, action, outcome, at)
        .catch((error: unknown) => o.log.warn("a use was not counted", { action, error: String(error) }))
        .finally(() => underWay.delete(noted));
      underWay.add(noted);
      return noted;
    },
    flush: () =>
      (flushing = flushing.then(async () => {
        await Promise.all(underWay);
        await store();
      })),
    start() {
      timer = setInterval(() => {
        recorder.flush().catch((error: unknown) => o.log.warn("uses are not stored", { error: String(error) }));
      }, FLUSH_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      await recorder.flush();
    },
  };
  return recorder;

  function isAgain(question: string): boolean {
    if (now().getTime() - seenSince > SAME_MS) [seen, seenSince] = [new Set(), now().getTime()];
    const again = seen.has(question);
    seen.add(question);
    return again;
  }

  async function take({ actor, face }: Pick<Call, "actor" | "face">, action: string, outcome: Outcome, at: Date): Promise<void> {
    if (actor.kind === "system" || actor.kind === "webhook" || actor.kind === "anonymous") return;
    const teams = await ask(actor);
    const automated = actor.kind !== "user";
    // Who is in two teams is at work for both; who is in none is counted as such.
    for (const team of teams.length === 0 ? [""] : teams) {
      const counted: Counted = { day: dayOf(at), team, action, face, automated, outcome };
      const key = JSON.stringify(Object.values(counted));
      const known = waiting.get(key);
      if (known !== undefined) known.events++;
      else if (waiting.size < MOST_WAITING) waiting.set(key, { counted, events: 1 });
    }
  }

  function ask(actor: Call["actor"] & { readonly id: string }): Promise<readonly string[]> {
    const key = `${actor.kind}:${actor.id}`;
    const known = teamsOf.get(key);
    if (known !== undefined && now().getTime() - known.at < TEAMS_MS) return known.teams;
    const teams = o.teams.of(actor);
    teamsOf.set(key, { at: now().getTime(), teams });
    teams.catch(() => teamsOf.delete(key));
    return teams;
  }

  async function store(): Promise<void> {
    if (waiting.size === 0) return;
    const taken = waiting;
    waiting = new Map();
    const rows = [...taken.values()].map(({ counted, events }) => ({ ...counted, day: textOfDay(counted.day), events }));
    try {
      await o.db.query(
        `insert into product.usage as mine (day, team, action, face, source, automated, outcome, events)
         select day, team, action, face, 'roadbed', automated, outcome, events from jsonb_to_recordset($1)
           as one (day date, team text, action text, face text, automated boolean, outcome text, events integer)
         on conflict (action, team, day, face, source, key, automated, outcome) do update set events = mine.events + excluded.events`,
        [JSON.stringify(rows)],
      );
    } catch (error) {
      for (const [key, { counted, events }] of taken) {
        const known = waiting.get(key);
        if (known !== undefined) known.events += events;
        else if (waiting.size < MOST_WAITING) waiting.set(key, { counted, events });
      }
      throw error;
    }
  }
}
