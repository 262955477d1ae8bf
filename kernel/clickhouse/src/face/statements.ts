import { setTimeout as delay } from "node:timers/promises";

import type { Sessions } from "./sessions.ts";

/** One statement in the engine, and the way to stop it. */
export interface RunningStatement {
  /** Comment in front of the SQL: chDB lets nobody set a query id, so statements are found again by their text. */
  readonly tag: string;
  readonly cancelled: boolean;
  /** Waits for `call`; from `cancel` on, kills the statement until the call has settled. */
  settle<T>(call: Promise<T>): Promise<T>;
  cancel(): void;
  end(): void;
}

export interface Statements {
  begin(queryId: string): RunningStatement;
  /** Stops the statement of this query id; false when none runs. */
  kill(queryId: string): boolean;
  running(): number;
}

const KILL_AGAIN_MS = 100;

/** Knows every statement that runs, by the client's query id. */
export function createStatements(sessions: Sessions): Statements {
  const byQueryId = new Map<string, RunningStatement>();
  let count = 0;

  function begin(queryId: string): RunningStatement {
    const tag = `/*q=${++count}*/`;
    let cancelled = false;
    let calls = 0;
    let killing = false;

    // A kill before the engine began the statement finds nothing, so it is repeated until no call is open.
    async function killUntilSettled(): Promise<void> {
      if (killing) return;
      killing = true;
      while (calls > 0) {
        await sessions.control(`KILL QUERY WHERE startsWith(query, '${tag}') ASYNC`).catch(() => {});
        await delay(KILL_AGAIN_MS);
      }
      killing = false;
    }

    const statement: RunningStatement = {
      tag,
      get cancelled() {
        return cancelled;
      },
      async settle(call) {
        calls++;
        if (cancelled) void killUntilSettled();
        try {
          return await call;
        } finally {
          calls--;
        }
      },
      cancel() {
        cancelled = true;
        void killUntilSettled();
      },
      end() {
        if (byQueryId.get(queryId) === statement) byQueryId.delete(queryId);
      },
    };
    byQueryId.set(queryId, statement);
    return statement;
  }

  return {
    begin,
    kill(queryId) {
      const statement = byQueryId.get(queryId);
      statement?.cancel();
      return statement !== undefined;
    },
    running: () => byQueryId.size,
  };
}
