import type { Histogram } from "../analysis/slow-requests.ts";
import type { Arm } from "./table.ts";

/** From a quarter of a millisecond to more than a minute, five per cent apart. */
export const LATENCY_EDGES: readonly number[] = Array.from({ length: 256 }, (_, at) => 0.25 * 1.05 ** at);
const PER_LOG = 1 / Math.log(1.05);

/** What became of the requests that one arm of a workload was asked, since the router began. Those a header sent there are only in `routed`. */
export interface ArmMetrics {
  /** All that have an outcome: answered, or one of the failures below. */
  readonly requests: number;
  /** Answers from 500 on, and the three below. */
  readonly failed: number;
  /** It did not answer: refused, broken off. */
  readonly unanswered: number;
  /** It did not begin to answer in time. */
  readonly timedOut: number;
  /** The caller went away before the answer began. */
  readonly abandoned: number;
  /** Until the answer's first byte, in ms. */
  readonly latency: Histogram;
  /** Of answers that are streamed (events, lines of JSON): until the first byte of the body, in ms. */
  readonly firstByte: Histogram;
  /** Requests that a header sent to this arm: their callers chose it, so they say nothing about what others would see. */
  readonly routed: number;
  readonly mirrored: MirrorMetrics;
}

/** Copies of requests that were sent to an arm whose answers nobody gets. */
export interface MirrorMetrics {
  readonly sent: number;
  readonly failed: number;
  /** Answered with the same status and the same content, or with others. */
  readonly same: number;
  readonly different: number;
  /** Not copied: too large, too many at once, or not safe to repeat. */
  readonly skipped: number;
}

export type Outcome = "answered" | "unanswered" | "timedOut" | "abandoned";

/** Writes down what becomes of the requests to one arm. */
export interface ArmMeter {
  outcome(outcome: Outcome, status: number, ms: number, routed: boolean): void;
  /** A streamed answer began with its body. */
  streamed(ms: number, routed: boolean): void;
  mirror(what: keyof MirrorMetrics): void;
  read(): ArmMetrics;
}

export type Metrics = Readonly<Record<Arm, ArmMetrics>>;

export function createMeter(): ArmMeter {
  const counts = new Float64Array(LATENCY_EDGES.length + 1);
  const firstBytes = new Float64Array(LATENCY_EDGES.length + 1);
  const sums = { requests: 0, failed: 0, unanswered: 0, timedOut: 0, abandoned: 0, routed: 0 };
  const mirrored = { sent: 0, failed: 0, same: 0, different: 0, skipped: 0 };
  return {
    outcome(outcome, status, ms, routed) {
      if (routed) return void sums.routed++;
      sums.requests++;
      if (outcome !== "answered") sums[outcome]++;
      if (outcome !== "answered" || status >= 500) sums.failed++;
      counts[bucketOf(ms)]!++;
    },
    streamed(ms, routed) {
      if (!routed) firstBytes[bucketOf(ms)]!++;
    },
    mirror: (what) => void mirrored[what]++,
    read: () => ({
      ...sums,
      mirrored: { ...mirrored },
      latency: { edges: LATENCY_EDGES, counts: [...counts] },
      firstByte: { edges: LATENCY_EDGES, counts: [...firstBytes] },
    }),
  };
}

/** What happened between two readings. */
export function sinceThen(before: ArmMetrics, now: ArmMetrics): ArmMetrics {
  return {
    requests: now.requests - before.requests,
    failed: now.failed - before.failed,
    unanswered: now.unanswered - before.unanswered,
    timedOut: now.timedOut - before.timedOut,
    abandoned: now.abandoned - before.abandoned,
    routed: now.routed - before.routed,
    latency: less(now.latency, before.latency),
    firstByte: less(now.firstByte, before.firstByte),
    mirrored: {
      sent: now.mirrored.sent - before.mirrored.sent,
      failed: now.mirrored.failed - before.mirrored.failed,
      same: now.mirrored.same - before.mirrored.same,
      different: now.mirrored.different - before.mirrored.different,
      skipped: now.mirrored.skipped - before.mirrored.skipped,
    },
  };
}

function less(now: Histogram, before: Histogram): Histogram {
  return { edges: LATENCY_EDGES, counts: now.counts.map((count, at) => count - before.counts[at]!) };
}

function bucketOf(ms: number): number {
  return Math.min(Math.max(Math.ceil(Math.log(ms * 4) * PER_LOG - 1e-9), 0), LATENCY_EDGES.length);
}
