/** One step of a service's figures, as the telemetry answers it. */
export interface Step {
  readonly at: string;
  readonly requests: number;
  readonly errors: number;
  readonly p95Ms?: number | undefined;
}

/** Steps joined to wider ones. */
export interface Coarse {
  readonly stepMs: number;
  readonly steps: readonly {
    readonly at: number;
    readonly requestsPerSecond: number;
    readonly errorRate: number | undefined;
    readonly p95Ms: number | undefined;
  }[];
}

const ENOUGH = 0.7;
const FEWEST = 8;

/**
 * Widens the steps until most of them have data, so that a quiet service draws a line and not dust. A wide step without
 * any request stays a gap. Its p95 is the highest of its parts: an upper bound.
 */
export function coarsen(series: readonly Step[], stepMs: number, from: number, to: number): Coarse {
  const span = Math.max(stepMs, to - from);
  let wide = stepMs;
  while (new Set(series.map(({ at }) => Math.floor(Date.parse(at) / wide))).size < ENOUGH * (span / wide) && span / (wide * 2) >= FEWEST)
    wide *= 2;
  const groups = Map.groupBy(series, ({ at }) => Math.floor(Date.parse(at) / wide));
  return {
    stepMs: wide,
    steps: [...groups]
      .sort(([a], [b]) => a - b)
      .map(([index, steps]) => {
        const requests = steps.reduce((sum, step) => sum + step.requests, 0);
        const errors = steps.reduce((sum, step) => sum + step.errors, 0);
        const p95s = steps.flatMap(({ p95Ms }) => (p95Ms === undefined ? [] : [p95Ms]));
        return {
          at: index * wide,
          requestsPerSecond: requests / (wide / 1_000),
          errorRate: requests === 0 ? undefined : errors / requests,
          p95Ms: p95s.length === 0 ? undefined : Math.max(...p95s),
        };
      }),
  };
}
