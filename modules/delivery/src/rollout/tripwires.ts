import { sinceThen, type ArmMetrics } from "../router/metrics.ts";
import type { ReplicaSight } from "../runtime/replica.ts";
import type { RolloutPlan } from "./plan.ts";

/** What the tripwires look at: the candidate's processes, and the requests of the last minute. */
export interface Seen {
  readonly processes: readonly ReplicaSight[];
  readonly candidate: ArmMetrics;
  /** Stable and baseline together. */
  readonly others: Pick<ArmMetrics, "requests" | "failed">;
}

export interface Tripwire {
  readonly name: string;
  readonly limit: string;
  readonly now: string;
  readonly tripped: boolean;
}

/** Gross failures: nobody waits for statistics. Generous on purpose, so that they hardly ever cry wolf. */
export function tripwires(
  { tripwires: { failedShare, leastRequests, crashes } }: RolloutPlan,
  { processes, candidate, others }: Seen,
): Tripwire[] {
  const failed = candidate.requests === 0 ? 0 : candidate.failed / candidate.requests;
  const elsewhere = others.requests === 0 ? 0 : others.failed / others.requests;
  const crashed = Math.max(0, ...processes.map(crashesOf));
  return [
    {
      name: "failed requests",
      limit: `more than ${percent(failedShare)} of ${leastRequests} or more requests in a minute, and twice as many as elsewhere`,
      now: `${percent(failed)} of ${candidate.requests}, elsewhere ${percent(elsewhere)}`,
      // What befalls both at once is not the release's doing.
      tripped: candidate.requests >= leastRequests && failed > failedShare && failed > 2 * elsewhere,
    },
    { name: "crashes", limit: `${crashes} of one process`, now: String(crashed), tripped: crashed >= crashes },
  ];
}

/** Readings of the router, of which the oldest is a minute old. */
export function createWindow(lastsMs: number): { add(at: number, now: Readings): Readings } {
  const kept: { readonly at: number; readonly reading: Readings }[] = [];
  return {
    add(at, reading) {
      kept.push({ at, reading });
      while (kept.length > 1 && at - kept[1]!.at >= lastsMs) kept.shift();
      const first = kept[0]!.reading;
      return {
        stable: sinceThen(first.stable, reading.stable),
        baseline: sinceThen(first.baseline, reading.baseline),
        candidate: sinceThen(first.candidate, reading.candidate),
      };
    },
  };
}

export type Readings = Readonly<Record<"stable" | "baseline" | "candidate", ArmMetrics>>;

function crashesOf({ restarts, health }: ReplicaSight): number {
  return restarts + (health === "crashed" ? 1 : 0);
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
