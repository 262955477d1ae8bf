import type { ValueType } from "./ast.ts";
import * as over from "./over-time.ts";

/** Points of one series within a range. */
export interface Range {
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** Of the range, not of the points, in milliseconds. */
  readonly from: number;
  readonly to: number;
}

interface PromqlFunction {
  readonly takes: readonly ValueType[];
  /** How many of the last may be left out. */
  readonly optional?: number;
  /** The last may come again and again. */
  readonly more?: boolean;
  readonly returns: ValueType;
  /** Of a range to one value; undefined: there is none. `numbers` are the other arguments. */
  readonly ofRange?: (range: Range, numbers: readonly number[]) => number | undefined;
  /** Of one value to another. */
  readonly ofValue?: (value: number, numbers: readonly number[]) => number;
  /** The metric's name stays. */
  readonly keepsName?: boolean;
}

const range = (ofRange: NonNullable<PromqlFunction["ofRange"]>): PromqlFunction => ({ takes: ["matrix"], returns: "vector", ofRange });
const value = (ofValue: NonNullable<PromqlFunction["ofValue"]>, ...numbers: ValueType[]): PromqlFunction => ({
  takes: ["vector", ...numbers],
  returns: "vector",
  ofValue,
});

/** Aggregations; true: with a number first. */
export const AGGREGATES: Readonly<Record<string, boolean>> = {
  sum: false,
  avg: false,
  min: false,
  max: false,
  count: false,
  group: false,
  stddev: false,
  stdvar: false,
  topk: true,
  bottomk: true,
  quantile: true,
};

/** Every function that is supported. Those without a way to calculate one value are the evaluation's own. */
export const FUNCTIONS: Readonly<Record<string, PromqlFunction>> = {
  rate: range((r) => over.extrapolated(r, { counter: true, perSecond: true })),
  increase: range((r) => over.extrapolated(r, { counter: true, perSecond: false })),
  delta: range((r) => over.extrapolated(r, { counter: false, perSecond: false })),
  irate: range((r) => over.instant(r, { counter: true, perSecond: true })),
  idelta: range((r) => over.instant(r, { counter: false, perSecond: false })),
  changes: range(({ values }) => over.changes(values)),
  resets: range(({ values }) => over.resets(values)),
  deriv: range((r) => over.slope(r)),
  predict_linear: { takes: ["matrix", "scalar"], returns: "vector", ofRange: (r, [seconds = 0]) => over.predicted(r, seconds) },
  avg_over_time: range(({ values }) => over.mean(values)),
  sum_over_time: range(({ values }) => over.sum(values)),
  min_over_time: range(({ values }) => over.least(values)),
  max_over_time: range(({ values }) => over.greatest(values)),
  count_over_time: range(({ values }) => values.length),
  present_over_time: range(() => 1),
  stdvar_over_time: range(({ values }) => over.variance(values)),
  stddev_over_time: range(({ values }) => Math.sqrt(over.variance(values))),
  last_over_time: { ...range(({ values }) => values.at(-1)), keepsName: true },
  quantile_over_time: {
    takes: ["scalar", "matrix"],
    returns: "vector",
    ofRange: ({ values }, [q = Number.NaN]) => over.quantile(q, values),
  },
  abs: value(Math.abs),
  ceil: value(Math.ceil),
  floor: value(Math.floor),
  exp: value(Math.exp),
  ln: value(Math.log),
  log2: value(Math.log2),
  log10: value(Math.log10),
  sqrt: value(Math.sqrt),
  sgn: value(Math.sign),
  round: { ...value((v, [to = 1]) => Math.floor(v / to + 0.5) * to, "scalar"), optional: 1 },
  clamp: value((v, [least = 0, most = 0]) => Math.max(least, Math.min(most, v)), "scalar", "scalar"),
  clamp_min: value((v, [least = 0]) => Math.max(least, v), "scalar"),
  clamp_max: value((v, [most = 0]) => Math.min(most, v), "scalar"),
  histogram_quantile: { takes: ["scalar", "vector"], returns: "vector" },
  label_replace: { takes: ["vector", "string", "string", "string", "string"], returns: "vector" },
  label_join: { takes: ["vector", "string", "string", "string"], more: true, returns: "vector" },
  absent: { takes: ["vector"], returns: "vector" },
  scalar: { takes: ["vector"], returns: "scalar" },
  vector: { takes: ["scalar"], returns: "vector" },
  timestamp: { takes: ["vector"], returns: "vector" },
  sort: { takes: ["vector"], returns: "vector" },
  sort_desc: { takes: ["vector"], returns: "vector" },
  time: { takes: [], returns: "scalar" },
  pi: { takes: [], returns: "scalar" },
};
