import type { EngineSession, OpenSession } from "./engine.ts";
import { FaceFailure } from "./errors.ts";
import { quote } from "./quote.ts";

/** What a session was prepared with: two statements may share one only if all of it is equal. */
export interface SessionKey {
  readonly database: string;
  /** Sorted by name; `readonly` is applied last, because nothing can be set after it. */
  readonly settings: readonly (readonly [name: string, value: string])[];
}

export interface Sessions {
  /** A session prepared for `key`: an idle one, or a new one. Throws `FaceFailure` 202 when too many wait to be closed. */
  take(key: SessionKey): Promise<Lease>;
  /** Runs something that belongs to no request (KILL QUERY, health). */
  control(sql: string): Promise<void>;
  /** Every engine call goes through here, so that closing can wait for what runs. */
  track<T>(call: Promise<T>): Promise<T>;
  /** Sessions that were given up and wait until the statements of that moment have ended. */
  closing(): number;
  idle(): number;
  close(): Promise<void>;
}

/** Exactly one of `giveBack` and `discard` ends it. */
export interface Lease {
  readonly session: EngineSession;
  /** Only after a call that ended well: a failed one leaves rows that the next caller would read. */
  giveBack(): void;
  discard(): void;
}

const MAX_IDLE = 16;
const MAX_CLOSING = 64;

/** Keeps idle sessions by what was set in them, newest first. */
export function createSessions(open: OpenSession): Sessions {
  const idle: { key: string; session: EngineSession }[] = [];
  const running = new Set<Promise<unknown>>();
  const control = open();
  let closing = 0;

  function track<T>(call: Promise<T>): Promise<T> {
    running.add(call);
    const done = () => void running.delete(call);
    call.then(done, done);
    return call;
  }

  // The binding ends a connection only when all statements of this moment have ended, so a long one holds many.
  function close(session: EngineSession): void {
    closing++;
    session.close();
    void Promise.allSettled(running).then(() => closing--);
  }

  function leaseOf(key: string, session: EngineSession): Lease {
    return {
      session,
      giveBack: () => {
        idle.push({ key, session });
        const oldest = idle.length > MAX_IDLE ? idle.shift() : undefined;
        if (oldest !== undefined) close(oldest.session);
      },
      discard: () => close(session),
    };
  }

  async function prepare(key: SessionKey): Promise<EngineSession> {
    if (closing >= MAX_CLOSING) {
      throw new FaceFailure(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many broken sessions wait to be closed. Try again.");
    }
    const session = open();
    try {
      for (const sql of preparation(key)) await track(session.queryAsync(sql, { format: "Null" }));
      return session;
    } catch (error) {
      close(session);
      throw error;
    }
  }

  return {
    async take(key) {
      const text = keyText(key);
      const at = idle.findLastIndex((entry) => entry.key === text);
      const [found] = at < 0 ? [] : idle.splice(at, 1);
      return leaseOf(text, found?.session ?? (await prepare(key)));
    },
    control: async (sql) => void (await track(control.queryAsync(sql, { format: "Null" }))),
    track,
    closing: () => closing,
    idle: () => idle.length,
    async close() {
      await Promise.allSettled(running);
      for (const { session } of idle.splice(0)) session.close();
      control.close();
    },
  };
}

function preparation({ database, settings }: SessionKey): string[] {
  const order = [...settings].sort(([a], [b]) => Number(a === "readonly") - Number(b === "readonly"));
  const use = database === "default" ? [] : [`USE ${quote(database, "`")}`];
  return [...use, ...(order.length === 0 ? [] : [`SET ${order.map(([name, value]) => `${name} = ${quote(value, "'")}`).join(", ")}`])];
}

function keyText({ database, settings }: SessionKey): string {
  return JSON.stringify([database, [...settings].sort(([a], [b]) => (a < b ? -1 : 1))]);
}
