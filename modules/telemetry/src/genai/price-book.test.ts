import { readFileSync } from "node:fs";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ownBook, type OwnPrice } from "./own-prices.ts";
import { booksInTurn, usdText, picodollars, type Use } from "./price-book.ts";
import { PUBLIC_BOOK, publicBook } from "./public-book.ts";

const tokens = {
  input: 10_000,
  output: 1_000,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWriteHour: 0,
  reasoning: 0,
  inputAudio: 0,
  outputAudio: 0,
};
const use = (over: Partial<Omit<Use, "tokens">> & { tokens?: Partial<Use["tokens"]> } = {}): Use => ({
  provider: "openai",
  models: ["gpt-5"],
  at: new Date("2026-10-01T12:00:00Z"),
  serviceTier: "",
  ...over,
  tokens: { ...tokens, ...over.tokens },
});
const book = publicBook();
const costOf = (one: Use) => {
  const rated = book.rate(one);
  return "why" in rated ? rated.why : rated.cost;
};

describe("the public price book", () => {
  test("is the one that the manifest pins", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(PUBLIC_BOOK).toBe(`genai-prices ${manifest.dependencies["@pydantic/genai-prices"]}`);
  });

  test.each([
    ["openai", "gpt-5", "0.022500000000"],
    ["openai", "gpt-4o-mini-2024-07-18", "0.002100000000"],
    ["anthropic", "claude-sonnet-4-5-20250929", "0.045000000000"],
    ["gcp.vertex_ai", "gemini-2.5-pro", "0.022500000000"],
    ["gcp.gemini", "gemini-2.5-pro", "0.022500000000"],
    ["x_ai", "grok-4", "0.045000000000"],
    ["azure.ai.openai", "gpt-4o", "0.035000000000"],
    ["mistral_ai", "mistral/mistral-small-latest", "0.001300000000"],
  ])("%s %s", (provider, model, cost) => expect(costOf(use({ provider, models: [model] }))).toBe(cost));

  test("Azure's models are priced as Azure's, and those of Bedrock as Bedrock's", () => {
    expect(book.rate(use({ provider: "azure.ai.openai", models: ["gpt-4o"] }))).toMatchObject({ priceModel: "azure/gpt-4o" });
    expect(book.rate(use({ provider: "aws.bedrock", models: ["anthropic.claude-3-5-sonnet-20241022-v2:0"] }))).toMatchObject({
      priceModel: expect.stringMatching(/^aws\//),
    });
  });

  test.each([
    ["a model that nobody knows", use({ models: ["our-own-model"] }), /no price is known of the model our-own-model/],
    ["no model", use({ models: [] }), /names no model/],
    ["a provider that nobody knows", use({ provider: "somebody.new" }), /no prices are known of the provider somebody.new/],
    ["a model at home", use({ provider: "ollama", models: ["llama3"] }), /provider ollama/],
    ["audio that would be priced as text", use({ models: ["gpt-4o-audio-preview"], tokens: { inputAudio: 500 } }), /audio/],
    ["a tier that is paid beforehand", use({ serviceTier: "scale" }), /service tier scale/],
  ])("%s is unpriced, and says so", (_name, one, why) => expect(costOf(one)).toMatch(why));

  test("the time of the call decides", () => {
    expect(costOf(use({ models: ["o3"], at: new Date("2025-06-01T00:00:00Z") }))).toBe("0.140000000000");
    expect(costOf(use({ models: ["o3"] }))).toBe("0.028000000000");
  });

  test("tiers of service", () => {
    expect(costOf(use({ serviceTier: "flex" }))).toBe("0.011250000000");
    expect(costOf(use({ serviceTier: "batch" }))).toBe("0.011250000000");
    expect(costOf(use({ serviceTier: "priority" }))).toBe("0.045000000000");
    expect(costOf(use({ serviceTier: "default" }))).toBe("0.022500000000");
  });

  test("what is read from the cache, and what is kept for an hour, has its own price", () => {
    const one = use({
      provider: "anthropic",
      models: ["claude-sonnet-4-5"],
      tokens: { cacheRead: 5_000, cacheWrite: 2_000, cacheWriteHour: 1_000 },
    });
    expect(costOf(one)).toBe("0.035250000000");
  });

  test("a provider that nobody told is guessed by the model's name, and the row says so", () => {
    expect(book.rate(use({ provider: "", models: ["gpt-4o-mini"] }))).toMatchObject({ priceModel: expect.stringContaining("guessed") });
  });

  test("the parts are the whole, whatever is used", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e5), fc.nat(1e6), fc.nat(1e6), (input, output, read, write) => {
        const rated = book.rate(
          use({
            provider: "anthropic",
            models: ["claude-sonnet-4-5"],
            tokens: { input: input + read + write, output, cacheRead: read, cacheWrite: write },
          }),
        );
        if ("why" in rated) throw new Error(rated.why);
        const pico = (text: string) => BigInt(text.replace(".", ""));
        expect(pico(rated.inputCost) + pico(rated.outputCost)).toBe(pico(rated.cost));
      }),
    );
  });

  test("nonsense is unpriced and no crash", () =>
    expect(costOf(use({ tokens: { cacheRead: 20_000 } }))).toMatch(/could not be calculated/));
});

describe("own prices", () => {
  const price = (over: Partial<OwnPrice> = {}): OwnPrice => ({
    id: "1",
    provider: "",
    model: "gpt-5",
    input: 1,
    output: 2,
    cacheRead: 0.1,
    cacheWrite: undefined,
    cacheWriteHour: undefined,
    from: new Date("2026-01-01"),
    to: undefined,
    ...over,
  });
  const rate = (prices: OwnPrice[], one = use()) => booksInTurn([ownBook(() => prices), book]).rate(one);

  test("go before the published ones", () => expect(rate([price()])).toMatchObject({ cost: "0.012000000000", book: "own prices" }));
  test("hold from one time until another", () => {
    expect(rate([price({ to: new Date("2026-10-01T12:00:00Z") })])).toMatchObject({ book: PUBLIC_BOOK });
    expect(rate([price({ from: new Date("2026-10-01T12:00:00Z") })])).toMatchObject({ book: "own prices" });
  });
  test("a whole name goes before a beginning, and the latest before the earlier", () => {
    expect(rate([price({ id: "wide", model: "gpt-*" }), price({ id: "whole" })])).toMatchObject({ priceModel: "gpt-5 (whole)" });
    expect(rate([price({ id: "old" }), price({ id: "new", from: new Date("2026-09-01") })])).toMatchObject({ priceModel: "gpt-5 (new)" });
    expect(rate([price({ id: "other", provider: "azure.ai.openai" })])).toMatchObject({ book: PUBLIC_BOOK });
  });
  test("a model of one's own has a price then", () => {
    expect(rate([price({ model: "our-*" })], use({ provider: "house", models: ["our-own-model"] }))).toMatchObject({
      cost: "0.012000000000",
    });
  });
  test("the cache has the price of the input where none is given", () => {
    expect(rate([price({ cacheRead: undefined })], use({ tokens: { cacheRead: 10_000 } }))).toMatchObject({ inputCost: "0.010000000000" });
  });
});

test("an amount as text", () => {
  expect(usdText(picodollars(1.25))).toBe("1.250000000000");
  expect(usdText(-1n)).toBe("-0.000000000001");
  expect(usdText(0n)).toBe("0.000000000000");
});
