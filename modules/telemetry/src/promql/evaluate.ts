import { aggregate } from "./aggregate.ts";
import type { CallExpr, Expr, SelectorExpr } from "./ast.ts";
import { binary, type Value } from "./binary.ts";
import { callOwn } from "./call-own.ts";
import { FUNCTIONS } from "./functions.ts";
import { dropName, keyOf, type Labels, type Sample, type Series } from "./labels.ts";
import { refuse } from "./refuse.ts";

/** What selectors are answered from. Both ends belong to it, in milliseconds. */
export type ReadSeries = (selector: SelectorExpr, fromMs: number, toMs: number) => Promise<readonly Series[]>;

export interface Evaluation {
  readonly startMs: number;
  readonly endMs: number;
  /** 0 with one instant only. */
  readonly stepMs: number;
  readonly signal: AbortSignal;
}

/** How long a value holds where no later one came. */
export const LOOKBACK_MS = 5 * 60_000;
const MOST_SERIES = 20_000;
const PAUSE_MS = 25;

/** Answers a query at every step; the series come in the order in which they were met. Ends when the signal says so. */
export async function evaluate(expr: Expr, o: Evaluation, read: ReadSeries): Promise<readonly Series[]> {
  const data = new Map<SelectorExpr, readonly Cursor[]>();
  for (const selector of selectorsOf(expr)) {
    const back = selector.offsetMs + (selector.rangeMs ?? LOOKBACK_MS);
    const series = await read(selector, o.startMs - back, o.endMs - selector.offsetMs);
    data.set(
      selector,
      series.map((one) => ({ series: one, begin: 0, end: 0 })),
    );
  }
  const lines = new Map<string, { labels: Labels; times: number[]; values: number[] }>();
  let began = Date.now();
  for (let at = o.startMs; at <= o.endMs; at += o.stepMs || 1) {
    // Others have their turn, and whoever went away is heard.
    if (Date.now() - began > PAUSE_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      began = Date.now();
    }
    o.signal.throwIfAborted();
    const value = valueAt(expr, at, data);
    const vector = typeof value === "number" ? [{ labels: {}, value }] : value;
    const met = new Set<string>();
    for (const { labels, value: one } of vector) {
      const key = keyOf(labels);
      if (met.has(key)) throw refuse("the result has several series with the same labels", expr.at, "Keep a label that tells them apart.");
      met.add(key);
      const line = lines.get(key) ?? { labels, times: [], values: [] };
      lines.set(key, line);
      line.times.push(at);
      line.values.push(one);
    }
    if (lines.size > MOST_SERIES)
      throw refuse(`the result has more than ${MOST_SERIES} series`, expr.at, "Aggregate by fewer labels, e.g. sum by (job) (…).");
    if (o.stepMs === 0) break;
  }
  return [...lines.values()];
}

/** A series with where the range of the last step lay: steps only go on. */
interface Cursor {
  readonly series: Series;
  begin: number;
  end: number;
}

type Data = ReadonlyMap<SelectorExpr, readonly Cursor[]>;

function valueAt(expr: Expr, at: number, data: Data): Value {
  switch (expr.kind) {
    case "number":
      return expr.value;
    case "string":
      throw refuse("a text is no answer", expr.at);
    case "selector":
      if (expr.rangeMs !== undefined) throw refuse("a range vector is no answer", expr.at, "Use a function over it, e.g. rate(x[5m]).");
      return instantOf(expr, at, data);
    case "negate": {
      const value = valueAt(expr.of, at, data);
      return typeof value === "number" ? -value : value.map((sample) => ({ labels: dropName(sample.labels), value: -sample.value }));
    }
    case "binary":
      return binary(expr, valueAt(expr.left, at, data), valueAt(expr.right, at, data));
    case "aggregate": {
      const parameter = expr.parameter === undefined ? 0 : valueAt(expr.parameter, at, data);
      return aggregate(expr, vectorOf(valueAt(expr.of, at, data)), typeof parameter === "number" ? parameter : Number.NaN);
    }
    case "call":
      return called(expr, at, data);
  }
}

function called(expr: CallExpr, at: number, data: Data): Value {
  const known = FUNCTIONS[expr.name];
  const numbers = () =>
    expr.args
      .flatMap((arg, i) => (known?.takes[i] === "scalar" ? [valueAt(arg, at, data)] : []))
      .filter((each) => typeof each === "number");
  if (known?.ofRange !== undefined) {
    const selector = expr.args.find((arg) => arg.kind === "selector");
    return rangesOf(selector as SelectorExpr, at, data, known.ofRange, numbers(), known.keepsName === true);
  }
  if (known?.ofValue !== undefined) {
    const { ofValue } = known;
    const others = numbers();
    return vectorOf(valueAt(expr.args[0] as Expr, at, data)).map(({ labels, value }) => ({
      labels: dropName(labels),
      value: ofValue(value, others),
    }));
  }
  if (expr.name === "timestamp" && expr.args[0]?.kind === "selector") return timesOf(expr.args[0], at, data);
  return callOwn(expr, at, (arg) => valueAt(arg, at, data));
}

export function vectorOf(value: Value): readonly Sample[] {
  return typeof value === "number" ? [{ labels: {}, value }] : value;
}

/** Moves the cursor so that it holds the points after `from` (or at it) up to `to`. */
function move(cursor: Cursor, from: number, to: number, atBegin: boolean): void {
  const { times } = cursor.series;
  while (cursor.begin < times.length && ((times[cursor.begin] as number) < from || (!atBegin && times[cursor.begin] === from)))
    cursor.begin++;
  cursor.end = Math.max(cursor.end, cursor.begin);
  while (cursor.end < times.length && (times[cursor.end] as number) <= to) cursor.end++;
}

function instantOf(selector: SelectorExpr, at: number, data: Data): Sample[] {
  const to = at - selector.offsetMs;
  return (data.get(selector) ?? []).flatMap((cursor) => {
    move(cursor, to - LOOKBACK_MS, to, false);
    if (cursor.end === cursor.begin) return [];
    return [{ labels: cursor.series.labels, value: cursor.series.values[cursor.end - 1] as number }];
  });
}

function timesOf(selector: SelectorExpr, at: number, data: Data): Sample[] {
  return instantOf(selector, at, data).map((sample) => {
    const cursor = (data.get(selector) ?? []).find(({ series }) => series.labels === sample.labels);
    const time = cursor?.series.times[cursor.end - 1] ?? at;
    return { labels: dropName(sample.labels), value: time / 1_000 };
  });
}

function rangesOf(
  selector: SelectorExpr,
  at: number,
  data: Data,
  ofRange: NonNullable<(typeof FUNCTIONS)[string]["ofRange"]>,
  numbers: readonly number[],
  keepsName: boolean,
): Sample[] {
  const to = at - selector.offsetMs;
  const from = to - (selector.rangeMs ?? 0);
  return (data.get(selector) ?? []).flatMap((cursor) => {
    move(cursor, from, to, true);
    if (cursor.end === cursor.begin) return [];
    const { labels, times, values } = cursor.series;
    const value = ofRange(
      { times: times.slice(cursor.begin, cursor.end), values: values.slice(cursor.begin, cursor.end), from, to },
      numbers,
    );
    return value === undefined ? [] : [{ labels: keepsName ? labels : dropName(labels), value }];
  });
}

export function selectorsOf(expr: Expr): SelectorExpr[] {
  switch (expr.kind) {
    case "selector":
      return [expr];
    case "call":
      return expr.args.flatMap(selectorsOf);
    case "aggregate":
      return [...(expr.parameter === undefined ? [] : selectorsOf(expr.parameter)), ...selectorsOf(expr.of)];
    case "binary":
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)];
    case "negate":
      return selectorsOf(expr.of);
    default:
      return [];
  }
}
