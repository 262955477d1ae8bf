import { hash } from "node:crypto";

export interface RecentRequests<T> {
  /** Does `work` for these bytes, or answers as it did for the very same ones that came a moment ago. What failed is done again. */
  once(kind: string, bytes: Uint8Array, work: () => Promise<T>): Promise<T>;
}

const KEEP_MS = 10 * 60_000;
const MOST = 20_000;

/**
 * A sender that did not hear the answer sends the same bytes again, and its rows would count twice. Ids and times are in them, so no
 * two exports of spans or points are alike otherwise. Remembered for ten minutes, by this server.
 */
export function createRecentRequests<T>(now: () => number = Date.now, most = MOST): RecentRequests<T> {
  const known = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();

  function forgetOld(): void {
    for (const [key, { at }] of known) {
      if (at > now() - KEEP_MS && known.size <= most) return;
      known.delete(key);
    }
  }

  return {
    once(kind, bytes, work) {
      forgetOld();
      const key = `${kind} ${hash("sha1", bytes, "base64")}`;
      const before = known.get(key);
      if (before !== undefined) return before.answer;
      const entry = { at: now(), answer: work() };
      known.set(key, entry);
      entry.answer.catch(() => {
        if (known.get(key) === entry) known.delete(key);
      });
      return entry.answer;
    },
  };
}
