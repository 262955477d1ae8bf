import { listExemplars, listMetricLabels, listMetricNames, listMetricSeries, queryMetrics } from "@roadbed/contracts/telemetry/promql";
import { describe, expect, test } from "vitest";

import { encodeMessage } from "../fixtures/otlp-messages.ts";
import { minutesAgo, nanos } from "../fixtures/spans-of.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it = useTelemetry();
const { call, send } = it;

const at = minutesAgo(3);
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** A point every 15 seconds, the last of them at `at`. */
const every15 = <T>(count: number, point: (i: number) => T) =>
  Array.from({ length: count }, (_, i) => ({ timeUnixNano: nanos(at - (count - 1 - i) * 15_000), ...point(i) }));

async function sendMetrics(service: string, metrics: object[], more: object[] = []) {
  const body = encodeMessage("ExportMetricsServiceRequest", {
    resourceMetrics: [{ resource: { attributes: [attribute("service.name", service), ...more] }, scopeMetrics: [{ metrics }] }],
  });
  expect(await send(body, { signal: "metrics" })).toMatchObject({ rejected: 0 });
}

const counter = (name: string, points: object[], aggregationTemporality = 2) => ({
  name,
  unit: "{request}",
  description: "Requests.",
  sum: { isMonotonic: true, aggregationTemporality, dataPoints: points },
});
const route = (value: string) => ({ attributes: [attribute("http.route", value)] });
const query = async (text: string) => {
  const { series } = await call(queryMetrics, { query: text, time: new Date(at).toISOString() });
  return series.map(({ labels, points }) => ({ ...labels, value: Number(points[0]?.value) }));
};

describe("PromQL over what was sent", () => {
  test("counters have Prometheus' names, jobs, instances and labels, and rates", async () => {
    const points = every15(21, (i) => ({ asInt: i * 30, ...route("/a") }));
    await sendMetrics(
      "shop",
      [counter("http.server.requests", points)],
      [attribute("service.instance.id", "pod-1"), attribute("service.namespace", "eu")],
    );
    expect(await query("rate(http_server_requests_total[5m])")).toEqual([
      { http_route: "/a", job: "eu/shop", instance: "pod-1", value: 2 },
    ]);
    expect(await query('http_server_requests_total{job="eu/shop",http_route=~"/.",instance!="x"}')).toMatchObject([{ value: 600 }]);
    expect(await query('http_server_requests_total{http_route!~"/a|/b"}')).toEqual([]);
    expect(await query('{__name__=~"http_.*_total",missing="",job=~".+"}')).toHaveLength(1);
  });

  test("counters that are sent as differences are added up", async () => {
    await sendMetrics("shop", [
      counter(
        "orders",
        every15(21, () => ({ asInt: 15, ...route("/a") })),
        1,
      ),
    ]);
    expect(await query("increase(orders_total[5m])")).toMatchObject([{ value: 300 }]);
  });

  test("quantiles of histograms, explicit and exponential", async () => {
    const explicit = every15(21, (i) => ({ count: i * 10, sum: i * 5, explicitBounds: [0.1, 0.5, 1], bucketCounts: [0, i * 5, i * 5, 0] }));
    const exponential = every15(21, (i) => ({ count: i * 4, sum: i, scale: 2, positive: { offset: 0, bucketCounts: [i * 2, i * 2] } }));
    await sendMetrics("shop", [
      { name: "latency", unit: "s", histogram: { aggregationTemporality: 2, dataPoints: explicit } },
      { name: "size", unit: "By", exponentialHistogram: { aggregationTemporality: 2, dataPoints: exponential } },
    ]);
    expect(await query("histogram_quantile(0.75, rate(latency_seconds_bucket[5m]))")).toEqual([{ job: "shop", value: 0.75 }]);
    const [median] = await query("histogram_quantile(0.5, sum by (le) (rate(size_bytes_bucket[5m])))");
    expect(median?.value).toBeCloseTo(2 ** 0.25, 6);
    expect(await query("latency_seconds_count / latency_seconds_sum")).toMatchObject([{ value: 2 }]);
    expect(await query('latency_seconds_bucket{le="0.5"}')).toMatchObject([{ le: "0.5", value: 100 }]);
  });

  test("a time has a point at each step", async () => {
    await sendMetrics("shop", [{ name: "queue", gauge: { dataPoints: every15(9, (i) => ({ asDouble: i })) } }]);
    const answer = await call(queryMetrics, {
      query: "queue",
      from: new Date(at - 60_000).toISOString(),
      to: new Date(at).toISOString(),
      stepSeconds: 30,
    });
    expect(answer).toMatchObject({ type: "matrix", stepSeconds: 30, pointsRead: 9 });
    expect(answer.series[0]?.points.map(({ value }) => value)).toEqual(["4", "6", "8"]);
  });

  test("what there is can be listed", async () => {
    await sendMetrics("shop", [
      counter(
        "hits",
        every15(2, (i) => ({ asInt: i, ...route("/a") })),
      ),
    ]);
    const window = { from: new Date(at - 600_000).toISOString(), to: new Date(at + 1_000).toISOString() };
    expect((await call(listMetricLabels, window)).values).toEqual(["__name__", "http_route", "instance", "job", "le", "quantile"]);
    expect((await call(listMetricLabels, { ...window, label: "http_route" })).values).toEqual(["/a"]);
    expect((await call(listMetricLabels, { ...window, label: "__name__" })).values).toEqual(["hits_total"]);
    expect((await call(listMetricSeries, { ...window, match: ["hits_total"] })).items).toEqual([
      { __name__: "hits_total", http_route: "/a", job: "shop" },
    ]);
    expect((await call(listMetricNames, window)).items).toEqual([
      { name: "hits_total", type: "counter", help: "Requests.", unit: "{request}", sentAs: "hits" },
    ]);
  });

  test("exemplars lead to traces", async () => {
    const exemplars = [{ timeUnixNano: nanos(at), asDouble: 4, traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 2) }];
    await sendMetrics("shop", [{ name: "queue", gauge: { dataPoints: every15(1, () => ({ asDouble: 1, exemplars })) } }]);
    const { items } = await call(listExemplars, { query: "max(queue)", from: new Date(at - 60_000).toISOString() });
    expect(items).toMatchObject([
      { labels: { __name__: "queue", job: "shop" }, value: 4, traceId: "01".repeat(16), spanId: "02".repeat(8) },
    ]);
  });

  test("of services that one may not see there is nothing", async () => {
    await sendMetrics("secret", [{ name: "queue", gauge: { dataPoints: every15(1, () => ({ asDouble: 1 })) } }]);
    expect(await query("queue")).toEqual([]);
    expect((await call(listMetricNames, {})).items).toEqual([]);
    expect((await call(listMetricLabels, { label: "job" })).values).toEqual([]);
  });

  test("what would read everything, or nothing sensible, is refused with advice", async () => {
    await expect(query("{}")).rejects.toMatchObject({ code: "INVALID", mend: expect.stringContaining("Name a metric") });
    await expect(query("x[5m]")).rejects.toMatchObject({ code: "INVALID" });
    const year = { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z", stepSeconds: 1 };
    await expect(call(queryMetrics, { query: "x", ...year })).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("more than 11000 steps"),
    });
    const many = Array.from({ length: 101 }, (_, i) => ({ name: `m${i}`, gauge: { dataPoints: every15(1, () => ({ asDouble: 1 })) } }));
    await sendMetrics("shop", many);
    await expect(query('{job="shop"}')).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("fits 101 metrics") });
  });
});
