import {
  endPrice,
  findPrice,
  getAiUse,
  listAiCalls,
  listCaptures,
  listPrices,
  rerateCalls,
  setCapture,
  setPrice,
} from "@roadbed/contracts/telemetry/ai";
import { getTrace } from "@roadbed/contracts/telemetry";
import { describe, expect, test } from "vitest";

import { exportOf, recordedSpans, type RecordedSpan } from "../fixtures/genai-spans.ts";
import { encodeMessage } from "../fixtures/otlp-messages.ts";
import { idOf, minutesAgo, tracesOf, windowAround } from "../fixtures/spans-of.ts";
import { HIDDEN, useTelemetry } from "../fixtures/use-telemetry.suite.ts";

const it = useTelemetry();
const at = minutesAgo(3);
const window = windowAround(at);
const wide = windowAround(at, 3_600_000);

const call = (n: number, attributes: Record<string, unknown>, over: Partial<RecordedSpan> = {}): RecordedSpan => ({
  scope: "",
  name: "chat",
  trace: idOf(n, 16),
  span: idOf(n, 8),
  parent: "",
  attributes: {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.usage.input_tokens": 10_000,
    "gen_ai.usage.output_tokens": 1_000,
    ...attributes,
  },
  ...over,
});
const send = (service: string, ...spans: RecordedSpan[]) => it.send(exportOf(spans, at, service));

describe("what calls of models used", () => {
  test("a recorded run of an agent: tokens once, its price, its agent, and each call down to its trace", async () => {
    await send("assistant", ...recordedSpans("pydantic-ai-tools-2025-12-04.trace.json"));
    const use = await it.call(getAiUse, { ...window, by: "agent" });
    expect(use.summary).toMatchObject({ calls: 4, inputTokens: 1_315, outputTokens: 209, priced: 4, unpriced: 0, untold: 0 });
    // gpt-4o-mini: 0.15 and 0.60 USD per million tokens
    expect(use.summary.cost).toBe("0.000322650000");
    expect(use.items.map(({ key, calls, inputTokens }) => [key, calls, inputTokens])).toEqual(
      expect.arrayContaining([
        ["joke_agent", 3, 1_184],
        ["evaluator_agent", 1, 131],
      ]),
    );
    expect(use.series.reduce((sum, step) => sum + step.inputTokens, 0)).toBe(1_315);
    expect(use.query).toContain("ai_call");
    const { items } = await it.call(listAiCalls, { ...window, agent: "evaluator_agent" });
    expect(items).toMatchObject([
      {
        service: "assistant",
        inputTokens: 131,
        outputTokens: 69,
        dialect: "pydantic",
        mappingVersion: 1,
        responseModel: "gpt-4o-mini-2024-07-18",
        modelVersion: "2024-07-18",
        price: "openai/gpt-4o-mini",
        agent: "evaluator_agent",
      },
    ]);
    const trace = await it.call(getTrace, { traceId: items[0]!.traceId, at: items[0]!.at });
    expect(trace.spans.find(({ spanId }) => spanId === items[0]!.spanId)?.attributes).toMatchObject({
      "gen_ai.request.model": "gpt-4o-mini",
    });
  });

  test("by model, prompt version and team; unpriced is no zero; what is hidden is not counted", async () => {
    await send(
      "shop",
      call(1, { "gen_ai.prompt.name": "greet", "roadbed.prompt.version": "1" }),
      call(2, { "gen_ai.prompt.name": "greet", "roadbed.prompt.version": "2", "gen_ai.response.time_to_first_chunk": 0.2 }),
    );
    await send(
      "other-shop",
      call(3, { "gen_ai.request.model": "our-own-model" }),
      call(4, { "gen_ai.usage.input_tokens": undefined, "gen_ai.usage.output_tokens": undefined }),
    );
    await send("secret", call(5, {}));
    await send("stranger", call(6, {}));
    const byModel = await it.call(getAiUse, window);
    expect(byModel.summary).toMatchObject({ calls: 5, priced: 3, unpriced: 1, untold: 1, cost: "0.067500000000" });
    expect(byModel.items.find(({ key }) => key === "our-own-model")).toMatchObject({ calls: 1, unpriced: 1, inputTokens: 10_000 });
    expect(byModel.items.find(({ key }) => key === "our-own-model")).not.toHaveProperty("cost");
    expect(byModel.unpriced).toEqual([{ why: "no price is known of the model our-own-model", calls: 1, tokens: 11_000 }]);
    const byPrompt = await it.call(getAiUse, { ...window, by: "prompt" });
    expect(byPrompt.items.map(({ key }) => key).toSorted()).toEqual(["", "greet@1", "greet@2"]);
    expect(byPrompt.items.find(({ key }) => key === "greet@2")).toMatchObject({ calls: 1, ttftP50Ms: 200 });
    const byTeam = await it.call(getAiUse, { ...window, by: "team" });
    expect(byTeam.items.map(({ title, calls }) => [title, calls]).toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))).toEqual([
      ["group:default/others", 2],
      ["group:default/owners", 2],
      ["nobody's", 1],
    ]);
    expect((await it.call(getAiUse, { ...window, team: "group:default/others" })).summary.calls).toBe(2);
    expect((await it.call(getAiUse, { ...window, entityRef: "component:default/shop" })).summary.calls).toBe(2);
    expect((await it.call(getAiUse, { ...window, entityRef: HIDDEN })).summary.calls).toBe(0);
    expect((await it.call(getAiUse, { ...window, prompt: "greet@1" })).summary.calls).toBe(1);
    expect((await it.call(listAiCalls, { ...window, unpriced: true })).items).toMatchObject([
      { service: "other-shop", whyUnpriced: "no price is known of the model our-own-model" },
    ]);
    expect((await it.call(listAiCalls, { ...window, service: "secret" })).items).toEqual([]);
  });

  test("pages of calls, the newest first, none twice", async () => {
    await send("shop", ...Array.from({ length: 7 }, (_, i) => call(i + 1, {})));
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await it.call(listAiCalls, { ...window, limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ spanId }) => spanId));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(new Set(seen).size).toBe(7);
    expect(seen).toHaveLength(7);
  });
});

describe("prices", () => {
  test("own ones go before the published ones, from their day on; what was rated stays until it is rated again, by rows that correct", async () => {
    await send("shop", call(1, {}), call(2, { "gen_ai.request.model": "our-own-model" }));
    const from = new Date(at - 3_600_000).toISOString();
    await it.call(setPrice, { model: "our-*", input: 2, output: 4, from, reason: "contract" });
    await it.call(setPrice, { model: "gpt-5", provider: "openai", input: 1, output: 10, from });
    expect((await it.call(getAiUse, window)).summary).toMatchObject({ cost: "0.022500000000", priced: 1, unpriced: 1 });
    const tried = await it.call(rerateCalls, wide);
    expect(tried).toMatchObject({ calls: 2, changed: 2, before: "0.022500000000", after: "0.044000000000", applied: false });
    expect((await it.call(getAiUse, window)).summary.cost).toBe("0.022500000000");
    await it.call(rerateCalls, { ...wide, apply: true });
    const after = await it.call(getAiUse, window);
    expect(after.summary).toMatchObject({ calls: 2, inputTokens: 20_000, cost: "0.044000000000", priced: 2, unpriced: 0, errors: 0 });
    expect(after.unpriced).toEqual([]);
    const { items } = await it.call(listAiCalls, window);
    expect(items.find(({ requestModel }) => requestModel === "our-own-model")).toMatchObject({
      cost: "0.024000000000",
      priceBook: "own prices",
    });
    // Once more changes nothing, and nothing of before was overwritten.
    expect(await it.call(rerateCalls, { ...wide, apply: true })).toMatchObject({ changed: 0 });
    expect(await it.rows("select toString(cost) as cost from ai_call where correction = '' order by cost")).toEqual([
      { cost: "0" },
      { cost: "0.0225" },
    ]);
  });

  test("the intake rates by them", async () => {
    await it.call(setPrice, { model: "our-own-model", input: 1, output: 1, from: new Date(at - 60_000).toISOString() });
    await it.telemetry.readSettings();
    await send("shop", call(1, { "gen_ai.request.model": "our-own-model" }));
    expect((await it.call(listAiCalls, window)).items).toMatchObject([{ cost: "0.011000000000", priceBook: "own prices" }]);
  });

  test("one after the other, never two at once; ended; found", async () => {
    const first = await it.call(setPrice, { model: "gpt-5", input: 1, output: 2, from: "2026-01-01T00:00:00Z" });
    const second = await it.call(setPrice, { model: "gpt-5", input: 3, output: 4, from: "2026-06-01T00:00:00Z" });
    await expect(it.call(setPrice, { model: "gpt-5", input: 5, output: 6, from: "2026-03-01T00:00:00Z" })).rejects.toThrow(first.id);
    await expect(it.call(endPrice, { id: second.id, to: "2026-05-01T00:00:00Z" })).rejects.toThrow(/must be after/);
    await it.call(endPrice, { id: second.id, to: "2026-09-01T00:00:00Z" });
    const { items, book } = await it.call(listPrices, {});
    expect(items.map(({ input, to }) => [input, to])).toEqual([
      [1, "2026-06-01T00:00:00.000Z"],
      [3, "2026-09-01T00:00:00.000Z"],
    ]);
    expect(book).toContain("genai-prices");
    const priceAt = async (day: string) => (await it.call(findPrice, { model: "gpt-5", provider: "openai", at: day })).cost;
    expect(await priceAt("2026-02-01T00:00:00Z")).toBe("1.000000000000");
    expect(await priceAt("2026-07-01T00:00:00Z")).toBe("3.000000000000");
    expect(await priceAt("2026-10-01T00:00:00Z")).toBe("1.250000000000");
    expect(await it.call(findPrice, { model: "nobody-knows-it" })).toEqual({
      whyUnpriced: "no price is known of the model nobody-knows-it",
    });
  });
});

describe("what people and models said", () => {
  const said = { "gen_ai.input.messages": '[{"role":"user","content":"I am ada@example.org"}]' };
  const attributesOf = async (n: number) =>
    (await it.call(getTrace, { traceId: idOf(n, 16), at: new Date(at).toISOString() })).spans[0]?.attributes ?? {};

  test("is stored only where the team lets it, and never with addresses", async () => {
    await send("shop", call(1, { ...said, "metadata.user_api_key_user_email": "ada@example.org" }));
    expect(await attributesOf(1)).toMatchObject({
      "metadata.user_api_key_user_email": "[e-mail address]",
      "roadbed.content": expect.stringContaining("not captured"),
    });
    expect(await attributesOf(1)).not.toHaveProperty("gen_ai.input.messages");
    await it.call(setCapture, { team: "group:default/owners", captures: true, reason: "we look at answers" });
    await it.telemetry.readSettings();
    await send("shop", call(2, said));
    await send("other-shop", call(3, said));
    expect((await attributesOf(2))["gen_ai.input.messages"]).toBe('[{"role":"user","content":"I am [e-mail address]"}]');
    expect(await attributesOf(3)).not.toHaveProperty("gen_ai.input.messages");
    const { items } = await it.call(listCaptures, {});
    expect(items).toMatchObject([{ team: "group:default/owners", captures: true }]);
    expect(items[0]?.services).toContain("shop");
    await it.call(setCapture, { team: "group:default/owners", captures: false });
    await it.telemetry.readSettings();
    await send("shop", call(4, said));
    expect(await attributesOf(4)).not.toHaveProperty("gen_ai.input.messages");
  });
});

describe("what is sent to the wrong place, or in other ways", () => {
  test("logs at the door of traces are refused with where they belong, in protobuf and in JSON", async () => {
    const logs = encodeMessage("ExportLogsServiceRequest", {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: "1", body: { stringValue: "x" } }] }] }],
    });
    await expect(it.send(logs)).rejects.toThrow("/v1/logs");
    await expect(it.send(Buffer.from('{"resourceLogs":[]}'), { contentType: "application/json" })).rejects.toThrow("/v1/logs");
    await expect(it.send(tracesOf({ shop: [{ id: 1, at }] }), { signal: "logs" })).rejects.toThrow("/v1/traces");
  });

  test("ids in base64 and kinds as words, as generic exporters write them", async () => {
    const span = {
      traceId: Buffer.from(idOf(77, 16), "hex").toString("base64"),
      spanId: Buffer.from(idOf(7, 8), "hex").toString("base64"),
      name: "chat",
      kind: "client",
      startTimeUnixNano: `${at}000000`,
      endTimeUnixNano: `${at}500000`,
      attributes: [{ key: "gen_ai.operation.name", value: { stringValue: "chat" } }],
    };
    const body = Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }));
    expect(await it.send(body, { contentType: "application/json" })).toMatchObject({ accepted: 1 });
    expect(await it.rows("select lower(hex(trace_id)) as id, toString(kind) as kind from spans")).toEqual([
      { id: idOf(77, 16), kind: "client" },
    ]);
  });
});
