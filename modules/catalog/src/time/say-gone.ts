import type { Sql } from "@roadbed/core";

import { renamedTo } from "./renamed.ts";
import { readTombstone, restorableUntil, type TombstoneRow } from "./tombstone-store.ts";

/** What to tell whoever asks for something that was removed, and what became of it; undefined when it was never there. */
export async function sayGone(sql: Sql, ref: string): Promise<string | undefined> {
  const gone = await readTombstone(sql, ref);
  if (gone) return sentenceOf(gone, await renamedTo(sql, gone));
  const { rows } = await sql.query<{ at: Date; actor: string; reason: string | null; change: string }>(
    "select at, actor, reason, change from catalog.history where ref = $1 order by id desc limit 1",
    [ref],
  );
  const [last] = rows;
  return last?.change === "removed" ? `${removed(last)} It went too long ago to be restored; its history is kept.` : undefined;
}

function sentenceOf(gone: TombstoneRow, becameRef: string | undefined): string {
  const renamed = becameRef === undefined ? "" : ` It was probably renamed: look at ${becameRef}.`;
  return `${removed(gone)}${renamed} Until ${dayOf(restorableUntil(gone))} it can be had back: \`roadbed entity restore ${gone.ref}\`.`;
}

function removed({ at, actor, reason }: { readonly at: Date; readonly actor: string; readonly reason: string | null }): string {
  return `It was removed at ${at.toISOString()} by ${actor}${reason === null ? "" : `: ${reason}`}.`;
}

function dayOf(instant: string): string {
  return instant.slice(0, 10);
}
