import type { Run } from "@roadbed/contracts/paths";

import { formatMs } from "../../format/number.ts";

/** The run's state in a sentence. */
export function sentenceOf({ status, steps, startedAt, endedAt, approvals = [] }: Run, who: string): string {
  const done = steps.filter((step) => step.status === "completed" || step.status === "skipped").length;
  const took = startedAt !== undefined && endedAt !== undefined ? ` in ${formatMs(Date.parse(endedAt) - Date.parse(startedAt))}` : "";
  const at = steps.find((step) => step.status === "processing" || step.status === "failed")?.name;
  switch (status) {
    case "queued":
      return `Begun by ${who}; waits for its turn.`;
    case "running":
      return `Step ${Math.min(done + 1, steps.length)} of ${steps.length}${at === undefined ? "" : `: ${at}`}. You may leave: it goes on.`;
    case "waiting":
      if (approvals.some(({ state }) => state === "waiting")) return `Asked for by ${who}; waits to be approved. Nothing is made before.`;
      return `Waits for an answer${at === undefined ? "" : ` in "${at}"`}. You may leave: it goes on.`;
    case "succeeded":
      return `All ${steps.length} steps are done${took}. Begun by ${who}.`;
    case "failed":
      return `Stopped${at === undefined ? "" : ` at "${at}"`} after ${done} of ${steps.length} steps. What was made stays; retry goes on from there.`;
    case "cancelled":
      if (approvals.some(({ state }) => state !== "granted")) return `Asked for by ${who}; it was not approved, and made nothing.`;
      return `Cancelled after ${done} of ${steps.length} steps. What was made stays.`;
  }
}
