import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { createCel } from "@roadbed/cel";
import { InvalidError } from "@roadbed/core";
import { afterAll, describe, expect, test } from "vitest";

import { measure } from "./measure.ts";
import { addMeasurement, beginMetric, phaseOf, type Phase, type TemplateMetric } from "./metric.ts";
import { readTemplate } from "./read-template.ts";

const cel = createCel();
afterAll(() => cel.close());

const PROMETHEUS = "prometheus: { address: 'http://prometheus.example.org:9090', query: up }";
const text = (metrics: string, args = ""): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata:\n  name: answers\nspec:\n${args}  metrics:\n${metrics}`;
const one = (lines: string, provider = PROMETHEUS): string => text(`    - name: a\n      provider: { ${provider} }\n${lines}`);

function faultsOf(template: string, args = {}): string[] {
  try {
    readTemplate({ file: "a.yaml", args }, template);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidError);
    return (error as InvalidError).problems.map(({ at, reason }) => `${at} ${reason}`);
  }
}

describe("an AnalysisTemplate", () => {
  test("is read with its arguments, as Argo's documentation writes one", () => {
    const template = text(
      `    - name: success-rate
      interval: 5m
      initialDelay: 1m30s
      count: "{{ args.times }}"
      successCondition: result[0] >= {{args.least}}
      failureLimit: 3
      provider:
        prometheus:
          address: http://prometheus.example.com:9090
          query: |
            sum(irate(istio_requests_total{destination_service=~"{{args.service-name}}",response_code!~"5.*"}[5m]))
`,
      "  args:\n    - name: service-name\n    - name: least\n      value: '0.95'\n    - name: times\n      value: '4'\n",
    );
    const [metric] = readTemplate({ file: "a.yaml", args: { "service-name": "orders.example" } }, template);
    expect(metric).toMatchObject({
      name: "success-rate",
      file: "a.yaml",
      dryRun: false,
      everySeconds: 300,
      delaySeconds: 90,
      count: 4,
      success: "(double(result[0]) >= 0.95)",
      written: { success: "result[0] >= 0.95" },
      failureLimit: 3,
      inconclusiveLimit: 0,
      consecutiveErrorLimit: 4,
      provider: { kind: "prometheus", query: expect.stringContaining('destination_service=~"orders.example"') },
    });
    expect(faultsOf(template)).toEqual(["a.yaml:7 spec.args.0: service-name needs a value: args of rollout.tripwires.templates"]);
  });

  test.each([
    ["      successCondition: result[0] | first() > 1\n", PROMETHEUS, /^a.yaml:9 .*cannot be translated, column 11: \| has no counterpart/],
    ["      successCondition: results[0] > 1\n", PROMETHEUS, /column 1: results is not known/],
    ["", "job: { spec: {} }", /^a.yaml:8 .*this provider is not read: it would run a Job in a cluster/],
    ["", "datadog: { query: x }", /this provider is not read: only prometheus and web are asked from here/],
    ["", `${PROMETHEUS}, web: { url: 'http://a.example' }`, /must be exactly one of/],
    ["", "web: { url: 'file:///etc/passwd' }", /no address that begins with http/],
    ["", "web: { url: 'http://a.example', insecure: true }", /insecure: is not read here/],
    ["", "web: { url: 'http://a.example', jsonPath: '{$..a}' }", /cannot be read, column 3/],
    ["      count: 3\n", PROMETHEUS, /interval: is needed where it is measured more than once/],
    ["      interval: 5 minutes\n", PROMETHEUS, /interval: must be a time such as 30s/],
    ["      failureLimit: -2\n", PROMETHEUS, /failureLimit: must be a whole number from -1/],
    ["      failureCondition: result > {{args.most}}\n", PROMETHEUS, /there is no argument most/],
    ["      sucessCondition: result > 1\n", PROMETHEUS, /sucessCondition/],
  ])("is refused with line and reason: %s %s", (lines, provider, reason) => {
    expect(faultsOf(one(lines, provider)).join("; ")).toMatch(reason);
  });

  test("of secrets, of templates in it and of what is no template is refused", () => {
    const secret = text(
      "    - name: a\n      provider: { " + PROMETHEUS + " }\n",
      "  args: [{ name: key, valueFrom: { secretKeyRef: { name: a, key: b } } }]\n",
    );
    expect(faultsOf(secret).join()).toContain("secrets and fields of pods are not read");
    expect(faultsOf(one("").replace("metrics:", "templates: [{ templateName: b }]\n  metrics:")).join()).toContain("name each file");
    expect(faultsOf(one("").replace("AnalysisTemplate", "AnalysisRun")).join()).toContain("a.yaml:2 kind");
    expect(faultsOf(one(""), { more: "x" }).join()).toContain("has no more, which rollout.tripwires.templates gives a value");
  });

  test("says which metrics are only tried", () => {
    const template = text(
      `    - name: first-try\n      provider: { ${PROMETHEUS} }\n    - name: other\n      provider: { ${PROMETHEUS} }\n`,
    ).replace("  metrics:", "  dryRun: [{ metricName: first.* }]\n  metrics:");
    expect(readTemplate({ file: "a.yaml", args: {} }, template).map(({ dryRun }) => dryRun)).toEqual([true, false]);
  });
});

describe("a metric", () => {
  const metric = (o: Partial<TemplateMetric>): TemplateMetric => ({
    ...readTemplate({ file: "a.yaml", args: {} }, one("      interval: 1m\n"))[0]!,
    ...o,
  });
  const after = (o: Partial<TemplateMetric>, phases: string) => {
    const words: Record<string, Phase> = { s: "successful", f: "failed", i: "inconclusive", e: "error" };
    return phases
      .split("")
      .reduce(
        (state, letter, at) => (state.over === undefined ? addMeasurement(metric(o), state, { second: at, phase: words[letter]! }) : state),
        beginMetric(metric(o), 0),
      ).over;
  };

  test.each([
    [{}, "ssss", undefined],
    [{}, "sf", "failed"],
    [{ failureLimit: 3 }, "fff", undefined],
    // Argo's documentation says three; its code, and so we, take the fourth.
    [{ failureLimit: 3 }, "ffff", "failed"],
    [{ failureLimit: -1 }, "ffffffff", undefined],
    [{}, "i", "inconclusive"],
    [{ inconclusiveLimit: 1 }, "isi", "inconclusive"],
    [{}, "eeee", undefined],
    [{}, "eeeee", "error"],
    [{}, "eeeesee", undefined],
    [{ count: 3 }, "sss", "successful"],
    [{ count: 3 }, "sees", undefined],
    [{ count: 2, failureLimit: 2 }, "sf", "successful"],
    [{ consecutiveSuccessLimit: 2, failureLimit: 5 }, "sfss", "successful"],
    [{ consecutiveSuccessLimit: 2, failureLimit: 5, count: 3 }, "sfs", "inconclusive"],
    [{ consecutiveSuccessLimit: 2, failureLimit: -1, count: 3 }, "sfs", "failed"],
  ] as const)("with %j after %s is %s", (o, phases, over) => {
    expect(after(o, phases)).toBe(over);
  });

  test("means by its conditions what Argo makes of them", () => {
    expect([phaseOf({}), phaseOf({ success: false }), phaseOf({ failure: false }), phaseOf({ success: false, failure: false })]).toEqual([
      "successful",
      "failed",
      "successful",
      "inconclusive",
    ]);
    expect([phaseOf({ success: true, failure: true }), phaseOf({ success: true, failure: false })]).toEqual(["failed", "successful"]);
  });

  test("asks Prometheus as its HTTP API is, and a web address by path, and what goes wrong is an error", async () => {
    const asked: { path: string; query: string; key: string | undefined }[] = [];
    const answers: Record<string, unknown> = {
      up: { status: "success", data: { resultType: "vector", result: [{ metric: {}, value: [1_435_781_451.781, "0.97"] }] } },
      none: { status: "success", data: { resultType: "vector", result: [] } },
      nan: { status: "success", data: { resultType: "vector", result: [{ metric: {}, value: [1, "NaN"] }] } },
      bad: { status: "error", errorType: "bad_data", error: "parse error" },
    };
    const server = createServer((request, response) => {
      void (async () => {
        const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
        const query = new URLSearchParams(body).get("query") ?? "";
        asked.push({ path: request.url!, query, key: request.headers["x-key"] as string | undefined });
        if (request.url === "/down") return response.writeHead(503).end("{}");
        response.end(JSON.stringify(answers[query] ?? { data: { rate: 12, list: [{ ok: true }] } }));
      })();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ask = (lines: string, provider: string) =>
      measure(
        { fetch, conditions: cel },
        readTemplate({ file: "a.yaml", args: {} }, one(lines, provider))[0]!,
        new AbortController().signal,
      );
    const prometheus = (query: string) => `prometheus: { address: '${address}/', query: ${query}, headers: [{ key: X-Key, value: '1' }] }`;
    const good = "      successCondition: result[0] >= 0.95\n";
    try {
      expect(await ask(good, prometheus("up"))).toEqual({ phase: "successful", value: "[0.97]" });
      expect(asked[0]).toEqual({ path: "/api/v1/query", query: "up", key: "1" });
      expect(await ask(good, prometheus("nan"))).toEqual({ phase: "failed", value: '["NaN"]' });
      expect(await ask("      successCondition: isNaN(result[0]) || result[0] > 1\n", prometheus("nan"))).toMatchObject({
        phase: "successful",
      });
      expect(await ask(good, prometheus("none"))).toMatchObject({ phase: "error", value: "[]" });
      expect(await ask(good, prometheus("bad"))).toEqual({ phase: "error", message: "Prometheus: parse error" });
      const both = "      successCondition: result < 10\n      failureCondition: result > 20\n";
      expect(await ask(both, `web: { url: '${address}/a', jsonPath: '{$.data.rate}' }`)).toEqual({ phase: "inconclusive", value: "12" });
      expect(
        await ask("      successCondition: all(result, {# == true})\n", `web: { url: '${address}/a', jsonPath: '{$.data.list[*].ok}' }`),
      ).toMatchObject({ phase: "successful" });
      expect(await ask(good, `web: { url: '${address}/a', jsonPath: '{$.data.other}' }`)).toEqual({
        phase: "error",
        message: "The answer has no other.",
      });
      expect(await ask(good, `web: { url: '${address}/down' }`)).toEqual({ phase: "error", message: "It answered 503." });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
