import { UnavailableError } from "@roadbed/core";

import { record } from "./git-host.ts";

/** The list in an answer. An answer without one is broken, and not empty: taken for empty, it would take everything away. */
export function listOf(system: string, body: unknown, key: string): readonly unknown[] {
  const list = record(body)[key];
  if (Array.isArray(list)) return list;
  throw new UnavailableError(`${system} answered without "${key}".`, { mend: "Check the address of the API; it is tried again later." });
}
