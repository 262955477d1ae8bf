import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import type { Matcher } from "./ast.ts";
import { explicitOf } from "./buckets.ts";
import { evaluate, type ReadSeries } from "./evaluate.ts";
import { keyOf, type Labels, type Series } from "./labels.ts";
import { exposedAs, formatValue, promName } from "./names.ts";
import { parsePromql } from "./parse.ts";

/** What a real Prometheus answered over these series. */
const recorded = JSON.parse(readFileSync(new URL("./fixtures/prometheus.json", import.meta.url), "utf8")) as {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly series: readonly Series[];
  readonly answers: readonly {
    readonly query: string;
    readonly result: readonly { readonly labels: Labels; readonly points: readonly (readonly [number, string])[] }[];
  }[];
};

const fits = ({ label, op, value }: Matcher, labels: Labels): boolean => {
  const own = labels[label] ?? "";
  const same = op.includes("~") ? new RegExp(`^(?:${value})$`).test(own) : own === value;
  return op.startsWith("!") ? !same : same;
};
const read: ReadSeries = async ({ matchers }, from, to) =>
  recorded.series
    .filter(({ labels }) => matchers.every((matcher) => fits(matcher, labels)))
    .map(({ labels, times, values }) => {
      const within = times.map((time, i) => [time, values[i] as number] as const).filter(([time]) => time >= from && time <= to);
      return { labels, times: within.map(([time]) => time), values: within.map(([, value]) => value) };
    });
const range = { startMs: recorded.start, endMs: recorded.end, stepMs: recorded.step, signal: new AbortController().signal };

function close(a: string, b: number): boolean {
  const wanted = a === "+Inf" ? Number.POSITIVE_INFINITY : a === "-Inf" ? Number.NEGATIVE_INFINITY : Number(a);
  if (Number.isNaN(wanted) || !Number.isFinite(wanted)) return Object.is(wanted, b);
  return Math.abs(wanted - b) <= 1e-9 * Math.max(1, Math.abs(wanted));
}

describe("every answer is Prometheus' answer", () => {
  test("the record is there", () => expect(recorded.answers.length).toBeGreaterThan(80));

  test.each(recorded.answers)("$query", async ({ query, result }) => {
    const found = await evaluate(parsePromql(query), range, read);
    const by = new Map(found.map((series) => [keyOf(series.labels), series]));
    expect([...by.keys()].toSorted()).toEqual(result.map(({ labels }) => keyOf(labels)).toSorted());
    for (const { labels, points } of result) {
      const own = by.get(keyOf(labels));
      expect(own?.times).toEqual(points.map(([at]) => at * 1_000));
      for (const [i, [, value]] of points.entries()) if (!close(value, own?.values[i] as number)) expect(own?.values[i]).toBe(value);
    }
  });
});

describe("what is refused is refused with its name and place", () => {
  test.each([
    ["max_over_time(rate(x[5m])[1h:1m])", "subqueries are not supported (at character 26"],
    ["rate(holt_winters(x[5m]))", "the function holt_winters is not supported (at character 6"],
    ["x @ 5", "@ is not supported (at character 3"],
    ["rate(x)", "rate takes a range vector"],
    ["x[5m] + 1", "+ works on numbers and instant vectors"],
    ["sum(x) by", "expected"],
    ["{}", "at least one matcher"],
    ['{job=~".*"}', "at least one matcher"],
    ["1 > 2", "needs bool"],
    ["x{a=5}", "expected a text in quotes"],
    ['x{a="b"} y', "the query is over before"],
    ["x ; drop", "means nothing here (at character 3"],
    ["topk(x)", "topk takes 2 arguments"],
    ["(".repeat(200) + "1" + ")".repeat(200), "at most 100 deep"],
    ["x[0s]", "longer than 0"],
    ["x offset x", "expected a duration"],
    ["", "expected a metric"],
  ])("%s", (query, reason) => {
    expect(() => parsePromql(query)).toThrow(expect.objectContaining({ code: "INVALID", message: expect.stringContaining(reason) }));
  });

  test("while it is evaluated, too", async () => {
    await expect(evaluate(parsePromql("memory_bytes * on (job) memory_bytes"), range, read)).rejects.toMatchObject({
      message: expect.stringContaining("several series on the right"),
    });
    const wild = parsePromql('label_replace(memory_bytes, "a", "b", "c", "(a+)+b")');
    await expect(evaluate(wild, range, read)).rejects.toMatchObject({ message: expect.stringContaining("not supported by label_replace") });
  });

  test("a query that is cancelled ends", async () => {
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(evaluate(parsePromql("sum(requests_total)"), { ...range, stepMs: 1, signal: gone }, read)).rejects.toThrow("gone");
  });
});

describe("names", () => {
  const metric = (name: string, unit: string, kind: "gauge" | "sum" | "histogram", monotonic = false) => ({
    name,
    unit,
    kind,
    monotonic,
    description: "",
  });

  test.each([
    [metric("http.server.request.duration", "s", "histogram"), "http_server_request_duration_seconds"],
    [metric("http.server.requests", "{request}", "sum", true), "http_server_requests_total"],
    [metric("process.cpu.time", "s", "sum", true), "process_cpu_time_seconds_total"],
    [metric("requests_total", "", "sum", true), "requests_total"],
    [metric("system.memory.usage", "By", "gauge"), "system_memory_usage_bytes"],
    [metric("cpu.utilization", "1", "gauge"), "cpu_utilization_ratio"],
    [metric("2xx", "", "gauge"), "_2xx"],
  ])("%o", (stored, name) => expect(promName(stored)).toBe(name));

  test("of histograms are three", () => {
    expect(exposedAs(metric("d", "ms", "histogram")).map(({ name }) => name)).toEqual([
      "d_milliseconds_bucket",
      "d_milliseconds_sum",
      "d_milliseconds_count",
    ]);
  });

  test.each([
    [1e21, "1000000000000000000000"],
    [1.5e-7, "0.00000015"],
    [-2.5e22, "-25000000000000000000000"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
    [0.1, "0.1"],
  ])("values have no exponent: %d", (value, text) => expect(formatValue(value)).toBe(text));
});

describe("exponential histograms as buckets", () => {
  const point = {
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positiveOffset: 0,
    positive: [] as number[],
    negativeOffset: 0,
    negative: [] as number[],
  };

  test("count up, from the negative ones over zero", () => {
    const { bounds, counts } = explicitOf([{ ...point, zeroCount: 1, positive: [2, 3], negative: [4] }]);
    expect(bounds).toEqual([-2, -1, 0, 1, 2, 4, Number.POSITIVE_INFINITY]);
    expect(counts[0]?.at(-1)).toBe(10);
    expect(counts[0]).toEqual([0, 4, 5, 5, 7, 10, 10]);
  });

  test("points of different scales share bounds, and all of each stay", () => {
    const { bounds, counts } = explicitOf([
      { ...point, scale: 1, positive: [1, 1, 1, 1] },
      { ...point, scale: 0, positive: [2, 2] },
    ]);
    expect(bounds).toEqual([1, 2, 4, Number.POSITIVE_INFINITY]);
    expect(counts).toEqual([
      [0, 2, 4, 4],
      [0, 2, 4, 4],
    ]);
  });

  test("never more than is bearable", () => {
    const { bounds, counts } = explicitOf([{ ...point, scale: 12, positive: Array.from({ length: 5_000 }, () => 1) }]);
    expect(bounds.length).toBeLessThan(400);
    expect(counts[0]?.at(-1)).toBe(5_000);
  });
});
