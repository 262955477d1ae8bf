import { newId, type Ctx, type DomainEvent, type Logger, type Sql, type Subscription } from "@roadbed/core";

import { isConnectionLost, toDatabaseError } from "../database/database-error.ts";
import type { Database } from "../database/open-database.ts";
import { append, createOutbox } from "../runtime/append.ts";
import { readEvents, readHead } from "./event-row.ts";
import { listenForEvents } from "./listen.ts";

export interface Relay {
  /** Makes the positions known and begins to deliver. */
  readonly start: () => Promise<void>;
  /** Ends after the deliveries that are running. */
  readonly stop: () => Promise<void>;
  /** Resolves when every event there is has been received (or given up) by every subscription. */
  readonly settled: () => Promise<void>;
  /** How many deliveries are waiting. */
  readonly lag: () => Promise<number>;
}

export interface RelayOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly subscriptions: readonly Subscription[];
  /** How often a failing event is tried before it goes to `kernel.dead_letter`, and the first pause, which doubles each time. */
  readonly retry?: { readonly tries: number; readonly firstMs: number };
  readonly pollMs?: number;
  readonly now?: () => Date;
}

/** Events taken in one transaction while all goes well. */
const BATCH = 50;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** An idle subscription's position is brought up to the head only now and then: it would be a write per event otherwise. */
const IDLE_STEP = 5_000n;
const HOUSEKEEPING_MS = 3_600_000;
/** Nobody repeats a request after a week. */
const KEYS_KEPT_MS = 7 * 86_400_000;

/**
 * Delivers committed events to subscriptions, each in order and at least once.
 *
 * A subscription's row holds its position and is locked while its events are received, in the same transaction that moves
 * the position: what a receiver writes to our database happens exactly once. `skip locked` lets several processes share the
 * subscriptions without talking to each other. A batch in which something failed is taken back and done one by one; the
 * failing event is tried again with growing pauses, then put aside so that the rest may pass.
 */
export function createRelay(o: RelayOptions): Relay {
  const retry = o.retry ?? { tries: 10, firstMs: 1_000 };
  const now = o.now ?? (() => new Date());
  const stopping = new AbortController();
  const loops = new Map<string, { running: Promise<void> | undefined; again: boolean }>();
  const timers = new Map<string, NodeJS.Timeout>();
  const housekeeping = setInterval(() => void forgetOldKeys(), HOUSEKEEPING_MS).unref();
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let listening: ReturnType<typeof listenForEvents> | undefined;

  return {
    start: async () => {
      for (const { name, events } of o.subscriptions) {
        await o.db.query(
          `insert into kernel.subscription (name, events) values ($1, $2)
           on conflict (name) do update set events = excluded.events where kernel.subscription.events <> excluded.events`,
          [name, events],
        );
      }
      void forgetOldKeys();
      listening = listenForEvents({ url: o.db.url, log: o.log, pollMs: o.pollMs ?? 2_000, onWake: look });
      await listening.ready;
    },
    stop: async () => {
      stopping.abort();
      clearInterval(housekeeping);
      await listening?.close();
      await looking;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all([...loops.values()].map(async ({ running }) => running));
    },
    settled: async () => {
      while ((await countWaiting()) > 0) {
        look();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    lag: countWaiting,
  };

  async function forgetOldKeys(): Promise<void> {
    const before = new Date(now().getTime() - KEYS_KEPT_MS);
    await o.db.query("delete from kernel.idempotency where created_at < $1", [before]).catch((error: unknown) => {
      o.log.debug("old idempotency keys could not be removed now", { error: String(error) });
    });
  }

  async function countWaiting(): Promise<number> {
    const { rows } = await o.db.query<{ n: number }>(
      `select count(*)::int as n from kernel.subscription s
       join kernel.event e on e.seq > s.position and e.name = any(s.events) where s.name = any($1)`,
      [o.subscriptions.map(({ name }) => name)],
    );
    return rows[0]?.n ?? 0;
  }

  /** One question for all of them: most events concern few, and a transaction for each of the others would cost more than the event. */
  function look(): void {
    lookAgain = true;
    looking ??= wakeWaiting().finally(() => {
      looking = undefined;
      if (lookAgain && !stopping.signal.aborted) look();
    });
  }

  async function wakeWaiting(): Promise<void> {
    while (lookAgain && !stopping.signal.aborted) {
      lookAgain = false;
      const waiting = await findWaiting().catch((error: unknown) => {
        o.log.debug("it cannot be asked now who waits for events", { error: String(error) });
        return new Set<string>();
      });
      for (const subscription of o.subscriptions) if (waiting.has(subscription.name) && !stopping.signal.aborted) wake(subscription);
    }
  }

  /** Those for which an event is there, and those whose position has fallen far behind. */
  async function findWaiting(): Promise<ReadonlySet<string>> {
    const { rows } = await o.db.query<{ name: string }>(
      `select s.name from kernel.subscription s, kernel.head h
       where s.name = any($1) and s.position < h.event_seq and (h.event_seq - s.position >= $2
         or exists (select 1 from kernel.event e where e.name = any(s.events) and e.seq > s.position))`,
      [o.subscriptions.map(({ name }) => name), IDLE_STEP.toString()],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** At most one loop per subscription; being woken while it runs makes it look once more. */
  function wake(subscription: Subscription): void {
    const loop = loops.get(subscription.name) ?? { running: undefined, again: false };
    loops.set(subscription.name, loop);
    loop.again = true;
    loop.running ??= deliverAll(subscription, loop).finally(() => {
      loop.running = undefined;
      if (loop.again && !stopping.signal.aborted) wake(subscription);
    });
  }

  async function deliverAll(subscription: Subscription, loop: { again: boolean }): Promise<void> {
    while (loop.again && !stopping.signal.aborted) {
      loop.again = false;
      let batch = BATCH;
      try {
        for (let outcome = "more"; outcome === "more" && !stopping.signal.aborted;) {
          outcome = await deliver(subscription, batch);
          // After a failure the rest of the batch goes one by one until the failing event is known.
          batch = outcome === "one-by-one" ? 1 : batch;
          if (outcome === "one-by-one") outcome = "more";
        }
      } catch (error) {
        o.log.warn("events could not be delivered; trying again", { subscription: subscription.name, error: (error as Error).message });
      }
    }
  }

  /** One transaction: lock the position, receive, move the position. */
  async function deliver(subscription: Subscription, batch: number): Promise<"more" | "done" | "one-by-one"> {
    let current: DomainEvent | undefined;
    let limit = batch;
    try {
      return await o.db.transaction(async (sql) => {
        const locked = await lockPosition(sql, subscription);
        if (locked === undefined) return "done";
        const { position } = locked;
        // The next event is the one that failed before: no use in failing others with it.
        if (locked.attempt > 0) limit = 1;
        const head = await readHead(sql);
        const events = await readEvents(sql, { after: position, upTo: head, names: subscription.events, limit });
        for (current of events) await receive(sql, subscription, current);
        current = undefined;
        const reached = events.length === limit ? (events.at(-1)?.seq ?? position) : head;
        if (events.length > 0 || reached - position >= IDLE_STEP) await movePosition(sql, subscription, reached);
        return events.length === limit ? "more" : "done";
      });
    } catch (error) {
      if (current === undefined || isConnectionLost(error) || isConnectionLost((error as Error).cause)) throw error;
      if (limit > 1) return "one-by-one";
      return recordFailure(subscription, current, toDatabaseError(error));
    }
  }

  /** Undefined when another process is at it, or when a pause after a failure is not over. */
  async function lockPosition(sql: Sql, { name }: Subscription): Promise<{ position: bigint; attempt: number } | undefined> {
    const { rows } = await sql.query<{ position: string; attempt: number; next_try_at: Date }>(
      "select position, attempt, next_try_at from kernel.subscription where name = $1 for update skip locked",
      [name],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    const pause = Number(row.next_try_at) - now().getTime();
    if (pause <= 0) return { position: BigInt(row.position), attempt: row.attempt };
    wakeAfter(name, pause);
    return undefined;
  }

  async function receive(sql: Sql, subscription: Subscription, event: DomainEvent): Promise<void> {
    const actor = { kind: "system", job: subscription.name } as const;
    const outbox = createOutbox(`system:${subscription.name}`);
    const ctx: Ctx = {
      actor,
      scopes: new Set(["*"]),
      face: "system",
      requestId: newId("req"),
      signal: stopping.signal,
      now,
      log: o.log,
      sql,
      emit: outbox.emit,
    };
    await subscription.receive(ctx, event);
    await append(sql, undefined, outbox.events, now());
  }

  async function recordFailure(subscription: Subscription, event: DomainEvent, error: unknown): Promise<"more" | "done"> {
    const message = error instanceof Error ? error.message : String(error);
    return o.db.transaction(async (sql) => {
      const { rows } = await sql.query<{ attempt: number }>(
        "select attempt + 1 as attempt from kernel.subscription where name = $1 and position < $2 for update",
        [subscription.name, event.seq.toString()],
      );
      const attempt = rows[0]?.attempt;
      if (attempt === undefined) return "more";
      if (attempt >= retry.tries) return giveUp(sql, subscription, event, message);
      const pause = Math.min(retry.firstMs * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      await sql.query("update kernel.subscription set attempt = $2, next_try_at = $3, last_error = $4 where name = $1", [
        subscription.name,
        attempt,
        new Date(now().getTime() + pause),
        message,
      ]);
      o.log.warn("a receiver failed; it is tried again", { subscription: subscription.name, event: event.id, attempt, error: message });
      wakeAfter(subscription.name, pause);
      return "done";
    });
  }

  async function giveUp(sql: Sql, subscription: Subscription, event: DomainEvent, message: string): Promise<"more"> {
    await sql.query(
      `insert into kernel.dead_letter (subscription, event_seq, event_id, error, at) values ($1, $2, $3, $4, $5)
       on conflict (subscription, event_id) do update set error = excluded.error, at = excluded.at`,
      [subscription.name, event.seq.toString(), event.id, message, now()],
    );
    await movePosition(sql, subscription, event.seq);
    o.log.error("an event was put aside after its last try", { subscription: subscription.name, event: event.id, error: message });
    return "more";
  }

  function wakeAfter(name: string, ms: number): void {
    clearTimeout(timers.get(name));
    const subscription = o.subscriptions.find((candidate) => candidate.name === name);
    if (subscription === undefined || stopping.signal.aborted) return;
    timers.set(name, setTimeout(() => wake(subscription), Math.min(ms, LONGEST_PAUSE_MS) + 1).unref());
  }
}

async function movePosition(sql: Sql, { name }: Subscription, position: bigint): Promise<void> {
  await sql.query(
    "update kernel.subscription set position = $2, attempt = 0, next_try_at = '-infinity', last_error = null where name = $1",
    [name, position.toString()],
  );
}
