import { useSyncExternalStore, type ReactNode } from "react";

import { formatExact, formatRelative } from "../format/time.ts";

/** A moment, relative; the exact one on hover and for machines. */
export function When({ at, fallback = "–" }: { readonly at: string | undefined; readonly fallback?: string }): ReactNode {
  const now = useSyncExternalStore(subscribe, () => clock.now);
  if (at === undefined) return <span className="rb-dim">{fallback}</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={formatExact(date)}>
      {formatRelative(date, new Date(Math.max(now, date.getTime() > now ? Date.now() : 0)))}
    </time>
  );
}

/** One clock for all, so that a page full of times ticks once. */
const clock = { now: Date.now(), listeners: new Set<() => void>(), timer: 0 };
const TICK_MS = 10_000;

function subscribe(listener: () => void): () => void {
  clock.listeners.add(listener);
  if (clock.listeners.size === 1) {
    clock.now = Date.now();
    clock.timer = window.setInterval(() => {
      clock.now = Date.now();
      for (const tell of clock.listeners) tell();
    }, TICK_MS);
  }
  return () => {
    clock.listeners.delete(listener);
    if (clock.listeners.size === 0) clearInterval(clock.timer);
  };
}
