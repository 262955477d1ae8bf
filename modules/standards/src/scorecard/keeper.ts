import { scoresComputed } from "@roadbed/contracts/standards/scores";
import type { Logger, Sql } from "@roadbed/core";
import { append, createOutbox, type Database, type Outbox } from "@roadbed/postgres";

import { compare, historyOf, tell } from "./changed-result.ts";
import { wantedBy, type Definition } from "./definition.ts";
import type { Definitions } from "./definition-store.ts";
import type { Evaluator } from "./evaluate.ts";
import { readExempt } from "./exempt.ts";
import { readSubjects, type Subjects } from "./read-subjects.ts";
import { forgetGone, readResults, writeHistory, writeResults, type Cause, type ChangedResult, type HistoryRow } from "./result-store.ts";
import type { Measures, Runtimes, Things } from "./things.ts";

/** Keeps results true while the catalogue changes. */
export interface Keeper {
  /** Something may have changed: look now. */
  wake(): void;
  /** Ends when nothing is left to be computed, by whichever process. */
  settled(): Promise<void>;
  /** Whether everything is being looked at anew, by this process. */
  readonly sweeping: boolean;
  start(): void;
  stop(): Promise<void>;
}

export interface KeeperDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly things: Things;
  readonly runtimes?: Runtimes | undefined;
  readonly measures?: Measures | undefined;
  readonly definitions: Definitions;
  readonly evaluator: Evaluator;
  readonly now?: () => Date;
  readonly lookMs?: number;
}

/** Entities that are looked at in one transaction. */
const MOST_NEWS = 200;
const SLICE = 500;
/** How long one transaction looks at everything, slice by slice, before it commits what it has; news end it sooner. */
const SLICES_MS = 1_000;
/** Beyond this many changes, looking at everything is cheaper than finding out who is meant. */
const MANY_CHANGES = 5_000;
/** Changes of one transaction that are told one by one. */
const MOST_TOLD = 200;
/** How often everything is looked at of which time alone changes the result. */
const AGEING_MS = 3_600_000;
const GONE_MS = 86_400_000;
const RETRY_MS = 1_000;

interface State {
  readonly change: string;
  readonly definitions: string;
  readonly place_change: string;
  readonly place_ref: string;
  readonly sweep_after: string | null;
  readonly sweep_cause: "scorecard" | "time";
  readonly sweep_looked: number;
  readonly sweep_of: number;
  readonly swept_at: Date;
}

/** Where looking at everything has come to. */
interface Sweep {
  readonly after: string | null;
  readonly cause: "scorecard" | "time";
  readonly looked: number;
  readonly of: number;
}

interface Written {
  readonly written: number;
  readonly quiet: number;
}

/** One look: what of the scorecards' work it did. */
interface Look {
  readonly sql: Sql;
  readonly outbox: Outbox;
  readonly at: Date;
  readonly change: bigint;
  readonly definitions: readonly Definition[];
}

/**
 * Looks at what changed, and while a scorecard is new, at everything, slice by slice: a change that comes meanwhile does not wait.
 * The place that it came to, the results, their history and the events commit together under the lock of one row. So a process
 * that dies leaves nothing half done, and of several processes one works while the others find the row locked and leave it.
 */
export function createKeeper(o: KeeperDeps): Keeper {
  const now = o.now ?? (() => new Date());
  let running: Promise<void> | undefined;
  let again = false;
  let sweeping = false;
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;

  return {
    wake,
    settled: async () => {
      for (;;) {
        while (running) await running;
        if ((await turn()) === "idle") return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    get sweeping() {
      return sweeping;
    },
    start: () => {
      stopped = false;
      timer = setInterval(wake, o.lookMs ?? 5_000).unref();
      wake();
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };

  function wake(): void {
    if (stopped) return;
    again = true;
    running ??= work().finally(() => {
      running = undefined;
      if (again) wake();
    });
  }

  async function work(): Promise<void> {
    while (again && !stopped) {
      try {
        // What was heard of before a turn is seen by it: only what comes meanwhile cuts it short.
        for (let more = true; more && !stopped;) {
          again = false;
          more = (await turn()) === "more";
          await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (error) {
        o.log.error("scorecards could not be brought up to date", { error: String(error) });
        if (!stopped) await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  /** `busy`: another process is at it. */
  function turn(): Promise<"more" | "idle" | "busy"> {
    return o.db.transaction(async (sql) => {
      const { rows } = await sql.query<Record<string, unknown>>("select * from standards.scorecard_state for update skip locked");
      const state = rows[0] as unknown as State | undefined;
      if (!state) return "busy";
      const look: Look = {
        sql,
        outbox: createOutbox("system:standards.scorecards"),
        at: now(),
        change: BigInt(state.change) + 1n,
        definitions: await o.definitions.current(sql, state.definitions),
      };
      const next = await lookAtNews(look, state);
      const swept = await lookAtSlices(look, next.sweep, state.swept_at);
      sweeping = swept.sweep.after !== null;
      const left = next.left || sweeping;
      const written = next.written + swept.written;
      if (next.moved || swept.moved || written > 0) {
        await sql.query(
          `update standards.scorecard_state set change = $1, place_change = $2, place_ref = $3, sweep_after = $4, sweep_cause = $5, swept_at = $6,
             sweep_looked = $7, sweep_of = $8`,
          [
            (written > 0 ? look.change : look.change - 1n).toString(),
            next.place.change,
            next.place.ref,
            swept.sweep.after,
            swept.sweep.cause,
            swept.ended ? look.at : state.swept_at,
            swept.sweep.looked,
            swept.sweep.of,
          ],
        );
      }
      if (next.quiet + swept.quiet > 0 || (swept.ended && swept.moved))
        look.outbox.emit(scoresComputed, "scorecards", { results: written, left });
      await append(sql, undefined, look.outbox.events, look.at);
      return left ? "more" : "idle";
    });
  }

  async function lookAtNews(look: Look, state: State) {
    const from = { change: Number(state.place_change), ref: state.place_ref };
    const news = await o.things.changesAfter(from, MOST_NEWS);
    const sweep: Sweep = { after: state.sweep_after, cause: state.sweep_cause, looked: state.sweep_looked, of: state.sweep_of };
    if (news.waiting > MANY_CHANGES) {
      return { place: news.end, sweep: { ...sweep, after: "" }, moved: true, left: true, written: 0, quiet: 0 };
    }
    const due = await takeDue(look.sql);
    const own = [...news.changed, ...news.removed, ...news.namedBefore, ...due.map(({ ref }) => ref)];
    const refs = new Set([...own, ...o.things.around([...news.changed, ...news.removed])]);
    const isTime = new Set(due.filter(({ cause }) => cause === "time").map(({ ref }) => ref));
    const done = { written: 0, quiet: 0 };
    const kinds = kindsOf(look);
    const all = [...refs].filter((ref) => kinds.has(ref.slice(0, ref.indexOf(":"))));
    for (let start = 0; start < all.length; start += SLICE) {
      const some = all.slice(start, start + SLICE);
      add(done, await compute(look, some, await subjectsOf(look, some), (ref) => (isTime.has(ref) ? "time" : "entity")));
    }
    const moved = news.place.change !== from.change || news.place.ref !== from.ref || due.length > 0;
    return { place: news.place, sweep, moved, left: news.waiting > 0 || due.length === MOST_NEWS, ...done };
  }

  /**
   * As many slices as fit into a moment. While one is evaluated the next is read: the one waits for the thread of the expressions, the
   * other for the database.
   */
  async function lookAtSlices(look: Look, from: Sweep, sweptAt: Date) {
    const done = { written: 0, quiet: 0 };
    if (from.after === null) {
      const due = isAgeing(look, sweptAt);
      return { ...done, moved: due, ended: false, sweep: due ? { ...from, after: "", cause: "time" as const } : from };
    }
    const kinds = kindsOf(look);
    let sweep = from.after === "" ? { ...from, looked: 0, of: o.things.refsAfter("", kinds, Infinity).length } : from;
    const until = performance.now() + SLICES_MS;
    let refs = o.things.refsAfter(from.after, kinds, SLICE);
    let read = readAhead(look, refs);
    for (;;) {
      const subjects = await read;
      const isLast = refs.length < SLICE;
      const next = isLast ? [] : o.things.refsAfter(refs.at(-1)!, kinds, SLICE);
      const isEnough = isLast || again || performance.now() > until;
      if (!isEnough) read = readAhead(look, next);
      add(done, await compute(look, refs, subjects, () => from.cause));
      sweep = { ...sweep, after: isLast ? null : refs.at(-1)!, looked: sweep.looked + refs.length };
      if (isLast) break;
      if (isEnough) return { ...done, moved: true, ended: false, sweep };
      refs = next;
    }
    done.written += await removeUnseen(look, kinds);
    await forgetGone(look.sql, new Date(look.at.getTime() - GONE_MS));
    return { ...done, moved: true, ended: true, sweep };
  }

  /** Whoever stops before it is needed need not hear that it failed. */
  function readAhead(look: Look, refs: readonly string[]): Promise<Subjects> {
    const read = subjectsOf(look, refs);
    read.catch(() => {});
    return read;
  }

  /** A date of a rule has passed, or an hour: then results may be others though nothing happened. */
  function isAgeing({ definitions, at }: Look, sweptAt: Date): boolean {
    const since = sweptAt.getTime();
    const dates = definitions.flatMap(({ rules }) => rules.map(({ effectiveAt }) => effectiveAt));
    if (dates.some((date) => date > since && date <= at.getTime())) return true;
    return definitions.some(({ ages }) => ages) && at.getTime() - since > AGEING_MS;
  }

  /** Results of entities and scorecards that are gone, where nothing told of it one by one. */
  async function removeUnseen({ sql, definitions, change, at }: Look, kinds: ReadonlySet<string>): Promise<number> {
    let removed = 0;
    for (let after = ""; ;) {
      const { rows } = await sql.query<{ ref: string }>(
        `select distinct ref collate "C" as ref from standards.scorecard_result where codes is not null and ref collate "C" > $1 order by 1 limit 5000`,
        [after],
      );
      if (rows.length === 0) return removed;
      const refs = rows.map(({ ref }) => ref);
      after = refs.at(-1)!;
      const there = new Set(o.things.existing(refs).filter((ref) => kinds.has(ref.slice(0, ref.indexOf(":")))));
      const { rowCount } = await sql.query(
        `update standards.scorecard_result set codes = null, rank = null, notes = null, change = $1, since = $2
         where codes is not null and ref = any($3) and (ref = any($4) or scorecard <> all($5))`,
        [change.toString(), at, refs, refs.filter((ref) => !there.has(ref)), definitions.map(({ name }) => name)],
      );
      removed += rowCount;
    }
  }

  async function takeDue(sql: Sql): Promise<{ ref: string; cause: string }[]> {
    const { rows } = await sql.query<{ ref: string; cause: string }>(
      `delete from standards.scorecard_due where ref in (select ref from standards.scorecard_due order by at limit ${MOST_NEWS}) returning ref, cause`,
    );
    return rows;
  }

  /** Evaluates, and writes what is other than before. */
  async function compute(look: Look, asked: readonly string[], subjects: Subjects, causeOf: (ref: string) => Cause): Promise<Written> {
    if (asked.length === 0) return { written: 0, quiet: 0 };
    const stored = await readResults(look.sql, asked);
    const exempt = await readExempt(look.sql, subjects, look.at);
    const results = await o.evaluator.evaluate(look.definitions, subjects, exempt);
    const before = new Map(stored.map((row) => [`${row.scorecard} ${row.ref}`, row]));
    const changed: ChangedResult[] = [];
    const history: HistoryRow[] = [];
    for (const definition of look.definitions) {
      for (const ref of asked) {
        const row = before.get(`${definition.name} ${ref}`);
        const one = compare(definition, ref, row, results.get(definition)?.get(ref), look.at);
        if (!one) continue;
        changed.push(one);
        if (row?.codes === null || row === undefined || !one.stands) continue;
        const old = row.version === definition.version ? definition : await o.definitions.ofVersion(look.sql, definition.name, row.version);
        const told = historyOf(definition, old, row, one, causeOf(ref));
        if (told.changes.length > 0 || told.beforeRank !== told.afterRank) history.push(told);
      }
    }
    await writeResults(look.sql, changed, look.change, look.at);
    await writeHistory(look.sql, history, look.at);
    const told = history.length <= MOST_TOLD ? history.filter(({ gone }) => !gone) : [];
    for (const row of told) tell(look, row);
    return { written: changed.length, quiet: changed.length - told.length };
  }

  function subjectsOf({ definitions }: Look, refs: readonly string[]): Promise<Subjects> {
    const hour = new Date(Math.floor(now().getTime() / AGEING_MS) * AGEING_MS);
    return readSubjects(o, { refs, wanted: wantedBy(definitions), now: hour });
  }
}

function kindsOf({ definitions }: Look): ReadonlySet<string> {
  return new Set(definitions.flatMap(({ kinds }) => [...kinds]));
}

function add(sum: { written: number; quiet: number }, some: Written): void {
  sum.written += some.written;
  sum.quiet += some.quiet;
}
