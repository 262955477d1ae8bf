/** What a metric of an AnalysisTemplate asks, and when: plain data that is stored with the rollout. */
export interface TemplateMetric {
  readonly name: string;
  /** The file it stands in. */
  readonly file: string;
  /** Measured and shown, and of no consequence. */
  readonly dryRun: boolean;
  readonly provider: Provider;
  /** In CEL, over `result`. */
  readonly success?: string;
  readonly failure?: string;
  /** As they were written. */
  readonly written: { readonly success?: string; readonly failure?: string };
  readonly delaySeconds: number;
  /** Absent: measured once. */
  readonly everySeconds?: number;
  /** Absent with `everySeconds`: until the rollout ends. */
  readonly count?: number;
  /** -1: never. */
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  /** 0: it is not asked for. */
  readonly consecutiveSuccessLimit: number;
}

export type Provider =
  | {
      readonly kind: "prometheus";
      readonly address: string;
      readonly query: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly timeoutSeconds: number;
    }
  | {
      readonly kind: "web";
      readonly address: string;
      readonly method: "GET" | "POST" | "PUT";
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly path: readonly (string | number)[];
      readonly timeoutSeconds: number;
    };

export type Phase = "successful" | "failed" | "inconclusive" | "error";

export interface Measurement {
  /** Of the rollout, without the time in which the server did not run. */
  readonly second: number;
  readonly phase: Phase;
  /** What was measured, in short. */
  readonly value?: string;
  readonly message?: string;
}

/** All that is known of a metric: plain data. */
export interface MetricState {
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly consecutiveError: number;
  readonly consecutiveSuccess: number;
  /** The last ones. */
  readonly measurements: readonly Measurement[];
  /** Absent: it is still measured. */
  readonly over?: Phase;
  /** The second at which it is measured next. */
  readonly nextAt: number;
}

/** As many as Argo keeps. */
const KEPT = 10;
/** After an error it is tried again sooner. */
const AGAIN_SECONDS = 10;

export function beginMetric({ delaySeconds }: TemplateMetric, second: number): MetricState {
  const none = { successful: 0, failed: 0, inconclusive: 0, error: 0, consecutiveError: 0, consecutiveSuccess: 0 };
  return { ...none, measurements: [], nextAt: second + delaySeconds };
}

/**
 * Takes in one measurement, by the rules of Argo Rollouts (`analysis/analysis.go`): a limit is what may happen, so that the next one ends it; errors
 * count only in a row. Of several that are over the limit at once the last line of Argo's wins: an error before inconclusive before failed.
 */
export function addMeasurement(metric: TemplateMetric, before: MetricState, one: Measurement): MetricState {
  const isError = one.phase === "error";
  const state: MetricState = {
    ...before,
    [one.phase]: before[one.phase] + 1,
    consecutiveError: isError ? before.consecutiveError + 1 : 0,
    consecutiveSuccess: one.phase === "successful" ? before.consecutiveSuccess + 1 : 0,
    measurements: [...before.measurements, one].slice(-KEPT),
    nextAt: one.second + (isError ? AGAIN_SECONDS : (metric.everySeconds ?? AGAIN_SECONDS)),
  };
  const over = outcomeOf(metric, state);
  return over === undefined ? state : { ...state, over };
}

function outcomeOf(metric: TemplateMetric, state: MetricState): Phase | undefined {
  const { successful, failed, inconclusive, consecutiveError, consecutiveSuccess } = state;
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit, consecutiveSuccessLimit } = metric;
  if (consecutiveError > consecutiveErrorLimit) return "error";
  if (inconclusive > inconclusiveLimit) return "inconclusive";
  if (failureLimit >= 0 && failed > failureLimit) return "failed";
  if (consecutiveSuccessLimit > 0 && consecutiveSuccess >= consecutiveSuccessLimit) return "successful";
  const wanted = metric.count ?? (metric.everySeconds === undefined ? 1 : undefined);
  // What could not be measured was not measured: it does not count.
  if (wanted === undefined || successful + failed + inconclusive < wanted) return undefined;
  if (consecutiveSuccessLimit === 0) return "successful";
  return failureLimit >= 0 ? "inconclusive" : "failed";
}

/** What one measurement means, given what its conditions say. */
export function phaseOf(said: { readonly success?: boolean; readonly failure?: boolean }): Exclude<Phase, "error"> {
  if (said.failure === true) return "failed";
  if (said.success === undefined) return "successful";
  if (said.success) return "successful";
  return said.failure === undefined ? "failed" : "inconclusive";
}
