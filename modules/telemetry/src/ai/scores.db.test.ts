import { getScores, listScores } from "@roadbed/contracts/telemetry/scores";
import { beforeEach, describe, expect, test } from "vitest";

import { encodeMessage } from "../fixtures/otlp-messages.ts";
import { hex, idOf, minutesAgo, nanos, tracesOf } from "../fixtures/spans-of.ts";
import { useTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it = useTelemetry();
const { call, send } = it;

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === "string" ? { stringValue: value } : { doubleValue: value },
});

function evaluation(at: number, span: number, score: number | undefined, more: Readonly<Record<string, string>> = {}) {
  const attributes = [
    attribute("gen_ai.evaluation.name", "helpful"),
    ...(score === undefined ? [] : [attribute("gen_ai.evaluation.score.value", score)]),
    ...Object.entries(more).map(([key, value]) => attribute(key, value)),
  ];
  return {
    timeUnixNano: nanos(at),
    eventName: "gen_ai.evaluation.result",
    traceId: hex(idOf(1, 16)),
    spanId: hex(idOf(span, 8)),
    attributes,
  };
}

const logsOf = (service: string, logRecords: object[]) =>
  encodeMessage("ExportLogsServiceRequest", {
    resourceLogs: [{ resource: { attributes: [attribute("service.name", service)] }, scopeLogs: [{ logRecords }] }],
  });

describe("evaluations that come as events", () => {
  beforeEach(() => it.store.client.command("truncate table ai_score"));

  test("in logs become scores: by service, and by model and prompt of the call that was judged", async () => {
    const at = minutesAgo(2);
    const called = (id: number, model: string) => ({
      id,
      at,
      name: "chat",
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
        "roadbed.prompt.name": "p",
        "roadbed.prompt.version": "2",
      },
    });
    await send(tracesOf({ shop: [called(1, "model-a"), called(2, "model-b")] }));
    const failed = evaluation(at, 2, undefined, { "error.type": "timeout" });
    const label = { "gen_ai.evaluation.score.label": "good", "gen_ai.evaluation.explanation": "because ada said so" };
    const body = logsOf("shop", [evaluation(at, 1, 0.5, label), evaluation(at + 1, 1, 1, label), evaluation(at, 2, 0.25), failed]);
    expect(await send(body, { signal: "logs" })).toMatchObject({ accepted: 4 });
    expect((await call(getScores, {})).items).toMatchObject([
      { name: "helpful", key: "shop", scores: 4, errors: 1, values: 3, labels: [{ label: "good", scores: 2 }] },
    ]);
    const byModel = (await call(getScores, { by: "model" })).items;
    expect(byModel.map(({ key, mean, values }) => ({ key, mean, values }))).toEqual([
      { key: "model-a", mean: 0.75, values: 2 },
      { key: "model-b", mean: 0.25, values: 1 },
    ]);
    expect((await call(getScores, { by: "prompt" })).items).toMatchObject([{ key: "p@2", scores: 4 }]);
    const { items } = await call(listScores, { traceId: idOf(1, 16) });
    expect(items).toHaveLength(4);
    expect(items[0]).toMatchObject({ value: 1, label: "good", spanId: idOf(1, 8) });
    // Nobody lets content of this service be kept.
    expect(items.every(({ explanation }) => explanation === undefined)).toBe(true);
  });

  test("of what one may not see are not there", async () => {
    await send(logsOf("secret", [evaluation(minutesAgo(1), 1, 1)]), { signal: "logs" });
    expect(await call(getScores, {})).toMatchObject({ items: [] });
    expect(await call(listScores, {})).toMatchObject({ items: [] });
  });

  test("without a score have none, which is not 0", async () => {
    await send(logsOf("shop", [evaluation(minutesAgo(1), 1, undefined, { "gen_ai.evaluation.score.label": "bad" })]), { signal: "logs" });
    const { items } = await call(getScores, {});
    expect(items).toMatchObject([{ scores: 1, values: 0 }]);
    expect(items[0]).not.toHaveProperty("mean");
  });
});
