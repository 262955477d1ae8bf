import type { EngineSession, OpenSession } from "./engine.ts";
import { FaceFailure } from "./errors.ts";
import { quote } from "./quote.ts";
import type { FaceRequest } from "./request.ts";
import type { Lease, Sessions } from "./sessions.ts";

/** Sessions that a client names by `session_id`: its temporary tables live there until it is silent for its timeout. */
export interface NamedSessions {
  take(id: string, request: FaceRequest): Promise<Lease>;
}

interface Named {
  readonly session: EngineSession;
  busy: boolean;
  timer: NodeJS.Timeout | undefined;
}

const MAX_NAMED = 64;

export function createNamedSessions(open: OpenSession, sessions: Sessions): NamedSessions {
  const byId = new Map<string, Named>();

  function end(id: string, named: Named): void {
    clearTimeout(named.timer);
    byId.delete(id);
    named.session.close();
  }

  function find(id: string): Named {
    const found = byId.get(id);
    if (found !== undefined) return found;
    if (byId.size >= MAX_NAMED) throw new FaceFailure(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many named sessions are open.");
    const made: Named = { session: open(), busy: false, timer: undefined };
    byId.set(id, made);
    return made;
  }

  return {
    async take(id, request) {
      const named = find(id);
      if (named.busy) throw new FaceFailure(373, "SESSION_IS_LOCKED", `Session ${id} is in use.`);
      clearTimeout(named.timer);
      named.busy = true;
      const lease: Lease = {
        session: named.session,
        giveBack() {
          named.busy = false;
          named.timer = setTimeout(() => end(id, named), request.sessionTimeoutSeconds * 1_000).unref();
        },
        discard: () => end(id, named),
      };
      try {
        const settings = [...request.settings].map(([name, value]) => `${name} = ${quote(value, "'")}`);
        await sessions.track(named.session.queryAsync(`USE ${quote(request.database, "`")}`, { format: "Null" }));
        if (settings.length > 0) await sessions.track(named.session.queryAsync(`SET ${settings.join(", ")}`, { format: "Null" }));
        return lease;
      } catch (error) {
        lease.discard();
        throw error;
      }
    },
  };
}
