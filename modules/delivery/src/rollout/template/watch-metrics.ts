import { addMeasurement, beginMetric, type Measurement, type MetricState, type TemplateMetric } from "./metric.ts";

/** What the metrics together say: `failed` takes the release back, `unknown` holds it and asks. */
export interface MetricsVerdict {
  readonly verdict: "failed" | "unknown";
  readonly reason: string;
}

export interface MetricsWatch {
  /** Begins what is due, without waiting for it, and says what is known by now. */
  look(second: number): MetricsVerdict | undefined;
  /** Somebody decided to go on all the same: what could not be told is measured anew. */
  goOn(second: number): void;
  state(): readonly MetricState[];
  stop(): void;
}

/** Measures the metrics of a rollout, each when it is due and never twice at once. */
export function watchMetrics(
  metrics: readonly TemplateMetric[],
  measure: (metric: TemplateMetric, signal: AbortSignal) => Promise<Omit<Measurement, "second">>,
  known: readonly MetricState[] | undefined,
): MetricsWatch {
  const states = metrics.map((metric, at): MetricState => known?.[at] ?? beginMetric(metric, 0));
  const underWay = new Set<number>();
  const over = new AbortController();
  let now = 0;

  async function begin(at: number): Promise<void> {
    underWay.add(at);
    const one = await measure(metrics[at]!, over.signal);
    underWay.delete(at);
    if (!over.signal.aborted) states[at] = addMeasurement(metrics[at]!, states[at]!, { second: Math.round(now), ...one });
  }

  function verdict(): MetricsVerdict | undefined {
    const ended = metrics.flatMap((metric, at) =>
      metric.dryRun || states[at]!.over === undefined ? [] : [{ metric, state: states[at]! }],
    );
    const failed = ended.find(({ state }) => state.over === "failed");
    if (failed !== undefined) return { verdict: "failed", reason: `${wordsOf(failed.metric, failed.state, "failed")}.` };
    const [open] = ended.filter(({ state }) => state.over === "inconclusive" || state.over === "error");
    if (open === undefined) return undefined;
    const { metric, state } = open;
    return {
      verdict: "unknown",
      reason: `${wordsOf(metric, state, state.over === "error" ? "could not be measured" : "was inconclusive")}.`,
    };
  }

  return {
    look(second) {
      now = second;
      for (const [at, { over: done, nextAt }] of states.entries())
        if (done === undefined && !underWay.has(at) && second >= nextAt) void begin(at);
      return verdict();
    },
    goOn(second) {
      for (const [at, state] of states.entries())
        if (state.over === "inconclusive" || state.over === "error")
          states[at] = { ...beginMetric(metrics[at]!, second), measurements: state.measurements };
    },
    state: () => states,
    stop: () => over.abort(),
  };
}

function wordsOf({ name, file }: TemplateMetric, state: MetricState, what: string): string {
  const last = state.measurements.at(-1);
  const times = what === "failed" ? state.failed : what === "was inconclusive" ? state.inconclusive : state.consecutiveError;
  const said = last?.message ?? (last?.value === undefined ? undefined : `measured ${last.value}`);
  return `${name} of ${file} ${what} ${times === 1 ? "once" : `${times} times`}${said === undefined ? "" : `: ${said.replace(/\.$/, "")}`}`;
}
