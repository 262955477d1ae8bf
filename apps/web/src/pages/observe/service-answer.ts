import type { ServiceRow } from "@roadbed/contracts/telemetry";

import { formatCount, formatNumber } from "../../format/number.ts";

export type HealthFilter = "sick" | "ok" | "unknown";

/** The worst first. */
export const HEALTH_ORDER: Readonly<Record<ServiceRow["health"], number>> = { failing: 0, degraded: 1, unknown: 2, ok: 3 };

/** How all of them do, in a sentence. */
export function answerOf(rows: readonly Pick<ServiceRow, "health">[]): string {
  if (rows.length === 0) return "No service sent telemetry in this time.";
  const count = (health: ServiceRow["health"]): number => rows.filter((row) => row.health === health).length;
  const parts = (["failing", "degraded"] as const).flatMap((health) =>
    count(health) > 0 ? [`${formatNumber(count(health))} ${health}`] : [],
  );
  const unknown = count("unknown");
  const quiet = unknown > 0 ? [`${formatNumber(unknown)} without requests`] : [];
  if (parts.length === 0) {
    const ok = count("ok");
    if (ok === 0) return `None of ${formatCount(rows.length, "service")} served a request.`;
    return unknown === 0
      ? rows.length === 1
        ? "The one service is well."
        : `All ${formatCount(rows.length, "service")} are well.`
      : `${formatCount(ok, "service")} ${ok === 1 ? "is" : "are"} well, ${quiet.join("")}.`;
  }
  return `Of ${formatCount(rows.length, "service")}, ${[...parts, ...quiet].join(", ")}.`;
}

/** True when a service is asked for by these words and this health. */
export function fits(row: Pick<ServiceRow, "service" | "health" | "why">, words: string, health: HealthFilter | undefined): boolean {
  if (health === "sick" ? row.health !== "failing" && row.health !== "degraded" : health !== undefined && row.health !== health)
    return false;
  const text = `${row.service} ${row.health} ${row.why}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
