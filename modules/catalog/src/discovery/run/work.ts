import type { Note } from "./repository-store.ts";

/** What a reading under way has come to. */
export interface Work {
  readonly state: { total: number; done: number; unchanged: number; current: string | undefined };
  readonly notes: Note[];
  readonly signal: AbortSignal;
}
