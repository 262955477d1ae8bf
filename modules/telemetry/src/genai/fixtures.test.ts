import { describe, expect, test } from "vitest";

import { exportOf, fixtureText, recordedSpans, type RecordedSpan } from "../fixtures/genai-spans.ts";
import { readRows, SPAN_TYPES } from "../fixtures/read-rows.ts";
import { jsonToProtobuf } from "../otlp/json-to-protobuf.ts";
import { createRowWriter } from "../otlp/row-writer.ts";
import { transcodeTraces } from "../otlp/transcode-traces.ts";
import { createAiReading } from "./ai-reading.ts";
import { publicBook } from "./public-book.ts";

const AT = Date.parse("2026-11-21T00:00:00Z");
const reading = () => createAiReading({ book: publicBook(), captures: () => false });

interface StoredAi {
  readonly dialect: string;
  readonly operation: string;
  readonly calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost?: string;
}

/** The rows of some requests, one after the other, as one intake reads them. */
function store(bodies: readonly Uint8Array[], ai = reading()): StoredAi[] {
  const w = createRowWriter(16);
  const limits = { sample: false, oldest: 0, newest: Date.parse("2027-01-01T00:00:00Z") };
  for (const body of bodies) transcodeTraces(body, w, { ...limits, ai });
  const rows = readRows(w.bytes.subarray(0, w.pos), SPAN_TYPES);
  return rows.flatMap(({ ai: text }) => (text === "" ? [] : [JSON.parse(text as string) as StoredAi]));
}

const sumOf = (rows: readonly StoredAi[]) => [
  rows.reduce((sum, row) => sum + row.calls, 0),
  rows.reduce((sum, row) => sum + row.input_tokens, 0),
  rows.reduce((sum, row) => sum + row.output_tokens, 0),
];

/** Every recorded trace that tells tokens: calls, tokens in, tokens out, counted by hand from the files. */
const EXPECTED: readonly (readonly [file: string, calls: number, input: number, output: number, dialect: string])[] = [
  ["crewai-2025-07-11.trace.json", 1, 190, 164, "openinference"],
  ["csharp-agent-with-gemini-2026-03-09.trace.json", 3, 8_047, 414, "otel"],
  ["google-adk-2025-08-28.trace.json", 2, 67, 9, "openinference"],
  ["google-gemini-2025-08-01.trace.json", 1, 6, 2_055, "openinference"],
  ["llamaindex-2025-06-05.trace.json", 1, 13, 81, "openinference"],
  ["microsoft-agent-2025-12-17.trace.json", 2, 293, 106, "otel"],
  ["openai-agents-2025-09-30.trace.json", 2, 140, 44, "openinference"],
  ["pydantic-ai-2025-06-06.trace.json", 1, 31, 96, "pydantic"],
  ["pydantic-ai-tools-2025-12-04.trace.json", 4, 1_315, 209, "pydantic"],
  ["pydantic-ai-with-gemini-2025-12-24.trace.json", 1, 40, 159, "pydantic"],
  ["vercel-aisdk-2025-11-17.trace.json", 1, 62, 85, "vercel"],
  ["vertex-ai-2025-08-01.trace.json", 1, 5, 845, "openinference"],
  ["any-agent-agno-trace.json", 3, 1_396, 74, "otel"],
  ["any-agent-google-trace.json", 3, 2_251, 86, "otel"],
  ["any-agent-langchain-trace.json", 4, 1_262, 125, "otel"],
  ["any-agent-llama-index-trace.json", 5, 1_308, 255, "otel"],
  ["any-agent-openai-trace.json", 3, 1_020, 76, "otel"],
  ["any-agent-smolagents-trace.json", 3, 2_294, 87, "otel"],
  ["any-agent-tinyagent-trace.json", 4, 1_369, 156, "otel"],
  // 142 tokens of texts and 10 of an embedding
  ["vercel-v6-all-spans.json", 5, 152, 297, "vercel"],
];

describe("recorded traces", () => {
  test.each(EXPECTED)("%s counts each token once", (file, calls, input, output, dialect) => {
    const rows = store([exportOf(recordedSpans(file), AT)]);
    expect(sumOf(rows)).toEqual([calls, input, output]);
    expect(rows.filter((row) => row.calls === 1).map((row) => row.dialect)).toEqual(Array.from({ length: calls }, () => dialect));
  });

  test.each(EXPECTED)("%s counts the same span by span, the last one first", (file, calls, input, output) => {
    const childrenFirst = inOrderOfEnds(recordedSpans(file));
    expect(sumOf(store(childrenFirst.map((span) => exportOf([span], AT))))).toEqual([calls, input, output]);
  });

  test("a captured request is the same in JSON, with kinds as words, and in protobuf", () => {
    const rows = store([jsonToProtobuf("traces", fixtureText("openllmetry.captured.json"))]);
    expect(rows).toMatchObject([
      {
        dialect: "openllmetry",
        operation: "chat",
        provider: "openai",
        calls: 1,
        input_tokens: 412,
        output_tokens: 27,
        cache_read_tokens: 256,
        reasoning_tokens: 8,
        finish: "tool_call",
      },
      { dialect: "openllmetry", operation: "workflow", calls: 0 },
    ]);
  });

  test("OpenTelemetry's own instrumentation, and LiteLLM", () => {
    expect(store([jsonToProtobuf("traces", fixtureText("raw.otel-openai-v2.captured.json"))])).toMatchObject([
      {
        dialect: "otel",
        operation: "chat",
        response_model: "gpt-4o-mini-2024-07-18",
        model_version: "2024-07-18",
        input_tokens: 412,
        output_tokens: 27,
        finish: "tool_call",
        cost: "0.000078000000",
      },
    ]);
    expect(store([jsonToProtobuf("traces", fixtureText("litellm.handbuilt.json"))])).toMatchObject([
      {
        dialect: "litellm",
        operation: "chat",
        provider: "aws.bedrock",
        input_tokens: 1_204,
        cache_read_tokens: 1_024,
        cache_write_tokens: 180,
        cost: "0.002302200000",
      },
    ]);
  });

  test("the same call in three dialects becomes the same facts", () => {
    const rows = [
      "otel_genai_client_span_tool_calls.json",
      "otel_genai_deprecated_client_span_tool_calls.json",
      "openinference_client_span_tool_calls.json",
    ].map((file) => {
      const attributes = JSON.parse(fixtureText(file)) as Record<string, unknown>;
      return store([
        exportOf([{ scope: "", name: "chat gpt-4", trace: "1".repeat(32), span: "2".repeat(16), parent: "", attributes }], AT),
      ])[0];
    });
    for (const row of rows) {
      expect(row).toMatchObject({
        operation: "chat",
        provider: "openai",
        request_model: "gpt-4",
        response_model: "gpt-4-0613",
        input_tokens: 97,
        output_tokens: 52,
        priced: 1,
      });
      expect(row?.cost).toBe(rows[0]?.cost);
    }
  });
});

/** Children before their parents, as they end. */
function inOrderOfEnds(spans: readonly RecordedSpan[]): RecordedSpan[] {
  const depthOf = (span: RecordedSpan, seen = 0): number => {
    const parent = spans.find((other) => other.span === span.parent);
    return parent === undefined || seen > 50 ? 0 : 1 + depthOf(parent, seen + 1);
  };
  return spans.toSorted((a, b) => depthOf(b) - depthOf(a));
}
