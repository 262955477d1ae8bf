import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { keepAttributes } from "./content.ts";
import { createLeaves } from "./leaves.ts";
import { mapSpan } from "./map-span.ts";
import { redact } from "./redact.ts";

const START = Date.parse("2026-11-21T00:00:00Z");
const map = (attributes: Record<string, string>, scope = "") =>
  mapSpan({ scope, name: "x", startMs: START, attributes: new Map(Object.entries(attributes)) });
const chat = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5" };

describe("mapSpan", () => {
  test("a span of another kind says nothing", () => {
    expect(map({ "http.request.method": "GET" })).toBeUndefined();
    expect(map({})).toBeUndefined();
  });

  test.each([
    ["otel", chat, ""],
    ["otel-old", { "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4" }, ""],
    ["openinference", { "openinference.span.kind": "LLM", "gen_ai.provider.name": "openai" }, ""],
    ["openllmetry", { "traceloop.span.kind": "tool" }, ""],
    ["langfuse", { "langfuse.observation.type": "generation" }, "langfuse-sdk"],
    ["vercel", { "ai.operationId": "ai.toolCall" }, "ai"],
    ["vercel-7", { "gen_ai.operation.name": "chat" }, "gen_ai"],
    ["litellm", { "gen_ai.operation.name": "acompletion" }, "litellm"],
    ["pydantic", { "gen_ai.operation.name": "chat" }, "pydantic-ai"],
  ] as const)("knows %s", (dialect, attributes, scope) => expect(map(attributes, scope)?.dialect).toBe(dialect));

  test.each([
    [{ "openinference.span.kind": "RETRIEVER" }, "retrieval"],
    [{ "openinference.span.kind": "RERANKER" }, "rerank"],
    [{ "openinference.span.kind": "EMBEDDING" }, "embedding"],
    [{ "gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m" }, "agent"],
    [{ "gen_ai.operation.name": "search_memory" }, "memory"],
    [{ "ai.operationId": "ai.streamText" }, "workflow"],
    [{ "ai.operationId": "ai.streamText.doStream" }, "chat"],
    [{ "gen_ai.tool.name": "search" }, "tool"],
    [{ "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4" }, "chat"],
    [{ "gen_ai.operation.name": "something_new", "gen_ai.request.model": "gpt-4" }, "other"],
    // Langfuse's own type goes first, unless it says no more than that this is a span.
    [{ "langfuse.observation.type": "tool", "gen_ai.operation.name": "chat" }, "tool"],
    [{ "langfuse.observation.type": "span", "gen_ai.operation.name": "chat" }, "chat"],
    [{ "gen_ai.usage.input_tokens": "5", "gen_ai.usage.output_tokens": "5" }, "other"],
  ] as const)("%j is %s", (attributes, operation) => expect(map(attributes)?.operation).toBe(operation));

  test.each([
    ["OpenAI", "openai"],
    ["openai.responses", "openai"],
    ["az.ai.openai", "azure.ai.openai"],
    ["vertex_ai", "gcp.vertex_ai"],
    ["gcp.vertex.agent", "gcp.vertex_ai"],
    ["google-gla", "gcp.gemini"],
    ["xai", "x_ai"],
    ["aws.bedrock", "aws.bedrock"],
    ["somebody.new", "somebody.new"],
  ])("the provider %s is %s", (said, provider) => expect(map({ ...chat, "gen_ai.provider.name": said })?.provider).toBe(provider));

  test("a model's name may tell the provider", () => {
    expect(map({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "mistral/mistral-small-latest" })?.provider).toBe("mistral_ai");
  });

  test.each([
    [{ "gen_ai.response.time_to_first_chunk": "0.25" }, 250],
    [{ "gen_ai.client.operation.time_to_first_chunk": "0.25" }, 250],
    [{ "gen_ai.server.time_to_first_token": "0.25" }, 250],
    [{ "ai.response.msToFirstChunk": "426.85" }, 426.85],
    [{ "langfuse.observation.completion_start_time": '"2026-11-21T00:00:00.300Z"' }, 300],
    [{ "langfuse.observation.completion_start_time": "2026-11-20T00:00:00.300Z" }, undefined],
    [{ "gen_ai.response.time_to_first_chunk": "soon" }, undefined],
  ])("the first token of %j came after %s ms", (attributes, ms) => expect(map({ ...chat, ...attributes })?.ttftMs).toBe(ms));

  test("both names of what was written to the cache, of 1.41 and of the drafts after it, are one", () => {
    const usage = { "gen_ai.usage.input_tokens": "100", "gen_ai.usage.output_tokens": "1" };
    const before = map({ ...chat, ...usage, "gen_ai.usage.cache_creation.input_tokens": "40" });
    const after = map({ ...chat, ...usage, "gen_ai.usage.cache_write.input_tokens": "40" });
    expect(after).toEqual(before);
    expect(after?.tokens).toMatchObject({ input: 100, cacheWrite: 40 });
  });

  test("input is the same whether the sender counted the cache in it or not", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.integer({ min: 1_001, max: 5_000 }), fc.nat(1_000), (plain, read, write) => {
        const cache = { "gen_ai.usage.cache_read.input_tokens": String(read), "gen_ai.usage.cache_creation.input_tokens": String(write) };
        const inclusive = map({ ...chat, ...cache, "gen_ai.usage.input_tokens": String(plain + read + write) });
        const exclusive = map({ ...chat, ...cache, "gen_ai.usage.input_tokens": String(plain) });
        expect(exclusive?.tokens).toEqual(inclusive?.tokens);
        expect(exclusive?.notes).toHaveLength(1);
        expect(inclusive?.notes).toEqual([]);
      }),
    );
  });

  test("Langfuse's usage: apart by its own names, together by OpenAI's", () => {
    const of = (usage: object) =>
      map({ "langfuse.observation.type": "generation", "langfuse.observation.usage_details": JSON.stringify(usage) }, "langfuse-sdk")
        ?.tokens;
    expect(of({ input: 100, output: 20, cache_read_input_tokens: 50, total: 170 })).toMatchObject({
      input: 150,
      output: 20,
      cacheRead: 50,
    });
    expect(of({ prompt_tokens: 150, completion_tokens: 20, input_cached_tokens: 50 })).toMatchObject({
      input: 150,
      output: 20,
      cacheRead: 50,
    });
  });

  test("prompts have a name and a version", () => {
    expect(map({ ...chat, "langfuse.observation.prompt.name": "greet", "langfuse.observation.prompt.version": "7" })).toMatchObject({
      promptName: "greet",
      promptVersion: "7",
    });
    expect(map({ ...chat, "ai.telemetry.metadata.langfusePrompt": '{"name":"greet","version":7}' })).toMatchObject({
      promptName: "greet",
      promptVersion: "7",
    });
    expect(map({ ...chat, "traceloop.prompt.key": "greet", "traceloop.prompt.version": "7" })).toMatchObject({
      promptName: "greet",
      promptVersion: "7",
    });
  });

  test.each(["-5", "NaN", "1e99", "Infinity", "", " ", "many", "[]", "{}"])("%j is no number of tokens", (value) => {
    expect(map({ ...chat, "gen_ai.usage.input_tokens": value, "gen_ai.usage.output_tokens": "3" })?.tokens).toMatchObject({
      input: 0,
      output: 3,
    });
  });

  test("nothing that a sender says makes it fail", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom("__proto__", "constructor", "toString", '{"a":', "[[[[[[", '"\\"{\\"', "9".repeat(400), '["stop"', "hasOwnProperty"),
      fc.json(),
    );
    const keys = fc.constantFrom(
      "gen_ai.operation.name",
      "gen_ai.provider.name",
      "gen_ai.usage.input_tokens",
      "ai.operationId",
      "openinference.span.kind",
      "llm.input_messages.99999.message.content",
      "langfuse.observation.usage_details",
      "ai.response.providerMetadata",
      "gen_ai.response.finish_reasons",
      "llm.invocation_parameters",
      "langfuse.observation.completion_start_time",
    );
    fc.assert(
      fc.property(fc.dictionary(keys, hostile), fc.constantFrom("", "ai", "langfuse-sdk"), (attributes, scope) => {
        const facts = map(attributes, scope);
        for (const value of Object.values(facts?.tokens ?? {})) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
        expect(JSON.stringify(facts ?? {}).length).toBeLessThan(5_000);
      }),
      { numRuns: 500 },
    );
  });
});

describe("what is kept of what was said", () => {
  const said: [string, string][] = [
    ["gen_ai.input.messages", '[{"role":"user","content":"my address is ada@example.org"}]'],
    ["llm.input_messages.99999.message.content", "hello"],
    ["gen_ai.request.model", "gpt-5"],
    ["gen_ai.prompt.name", "greet"],
    ["metadata.user_api_key_user_email", "ada@example.org"],
  ];

  test("nothing of it, unless it is captured; names and numbers always", () => {
    expect(keepAttributes(said, false)).toEqual([
      ["gen_ai.request.model", "gpt-5"],
      ["gen_ai.prompt.name", "greet"],
      ["metadata.user_api_key_user_email", "[e-mail address]"],
      ["roadbed.content", "not captured: 2 attributes, 64 characters"],
    ]);
  });

  test("captured, it is without addresses and secrets", () => {
    expect(new Map(keepAttributes(said, true)).get("gen_ai.input.messages")).toBe(
      '[{"role":"user","content":"my address is [e-mail address]"}]',
    );
  });

  test.each([
    ["key sk-proj-abcdefghijklmnopqrstuvwx end", "key [key] end"],
    ["AKIAIOSFODNN7EXAMPLE", "[key]"],
    ["use ghp_abcdefghijklmnopqrstuvwxyz012345", "use [token]"],
    ["authorization: Bearer abcdefghijklmnopqrstuvwx", "authorization: [token]"],
    ['{"password": "hunter2hunter2"}', '{"password": "[secret]"}'],
    ["a.b+c@mail.example.co.uk, please", "[e-mail address], please"],
    ["the task-force at 5@ noon", "the task-force at 5@ noon"],
    ["a password is needed", "a password is needed"],
  ])("%j is kept as %j", (text, kept) => expect(redact(text)).toBe(kept));

  test("texts that are made to be slow come through", () => {
    for (const text of [
      "a@".repeat(50_000),
      "-----BEGIN A PRIVATE KEY-----".repeat(3_000),
      "password=".repeat(10_000),
      `${"a".repeat(100_000)}@`,
    ]) {
      expect(redact(text).length).toBeGreaterThan(0);
    }
  });
});

describe("leaves", () => {
  const call = (span: string, parent: string, uses = true) => ({ trace: "t", span, parent, uses });

  test("a call that holds calls does not count, however far below they are", () => {
    expect(createLeaves().settle([call("a", ""), call("b", "a", false), call("c", "b")])).toEqual([false, false, true]);
  });

  test("what ended in an earlier request is remembered", () => {
    const leaves = createLeaves();
    expect(leaves.settle([call("c", "b")])).toEqual([true]);
    expect(leaves.settle([call("b", "a", false)])).toEqual([false]);
    expect(leaves.settle([call("a", "")])).toEqual([false]);
  });

  test("another trace, a sibling and a call below nothing used count", () => {
    const leaves = createLeaves();
    expect(leaves.settle([call("b", "a"), call("c", "a"), call("a", "", false)])).toEqual([true, true, false]);
    expect(leaves.settle([{ ...call("a", ""), trace: "other" }])).toEqual([true]);
  });

  test("a ring of parents ends", () => expect(createLeaves().settle([call("a", "b"), call("b", "a")])).toEqual([false, false]));

  test("memory is bounded", () => {
    const leaves = createLeaves(2);
    leaves.settle([call("1", "p1"), call("2", "p2"), call("3", "p3")]);
    expect(leaves.settle([call("p1", ""), call("p3", "")])).toEqual([true, false]);
  });
});
