import type { Run } from "@roadbed/contracts/paths";

import { formatMs } from "../../format/number.ts";

/** How long it stood still for people, and who they were; undefined where nobody was waited for or not all of it is known. */
export function waitWords({ humanMinutes, waits = [] }: Pick<Run, "humanMinutes" | "waits">): string | undefined {
  if (humanMinutes === undefined || waits.length === 0) return undefined;
  const took = formatMs(humanMinutes * 60_000);
  const names = [...new Set(waits.flatMap(({ by }) => by.map(({ name }) => name)))];
  const open = waits.some(({ until }) => until === undefined);
  const words = [
    waits.some(({ reason }) => reason === "approval") ? "an approval" : "",
    waits.some(({ reason }) => reason === "input") ? "somebody to have it go on" : "",
  ].filter(Boolean);
  return `${took} for ${words.join(" and ")}${names.length > 0 ? ` (${names.join(", ")})` : ""}${open ? ", and it waits still" : ""}`;
}
