import { calcPrice, type PriceCalculation } from "@pydantic/genai-prices";

import { picodollars, usdText, type PriceBook, type RatedUse, type Use } from "./price-book.ts";
import { MODEL_PREFIXES } from "./dialects.ts";
import { tierFactor } from "./service-tiers.ts";
import type { Tokens } from "./vocabulary.ts";

/** As it is pinned in our manifest; a test compares them. */
export const PUBLIC_BOOK = "genai-prices 0.1.8";

/** The book's names of providers, where they are not ours. It guesses what it does not know, so nothing else is handed to it. */
const PROVIDERS: Readonly<Record<string, string>> = {
  openai: "openai",
  anthropic: "anthropic",
  "aws.bedrock": "aws",
  "azure.ai.openai": "azure",
  "azure.ai.inference": "azure",
  cohere: "cohere",
  deepseek: "deepseek",
  "gcp.gemini": "google",
  "gcp.gen_ai": "google",
  "gcp.vertex_ai": "google",
  groq: "groq",
  mistral_ai: "mistral",
  perplexity: "perplexity",
  x_ai: "x-ai",
  moonshot_ai: "moonshotai",
  openrouter: "openrouter",
  fireworks: "fireworks",
  together_ai: "together",
};
/** Not providers but what stands before them. */
const GATEWAYS: ReadonlySet<string> = new Set(["", "litellm", "portkey", "langchain"]);

/** The price list that comes with the product, with what is known to be wrong in it held back. */
export function publicBook(): PriceBook {
  return {
    rate(use) {
      const provider = Object.hasOwn(PROVIDERS, use.provider) ? PROVIDERS[use.provider] : undefined;
      if (provider === undefined && !GATEWAYS.has(use.provider)) return { why: `no prices are known of the provider ${use.provider}` };
      for (const model of use.models) {
        const rated = rateModel(use, provider, model);
        if (rated !== undefined) return rated;
      }
      const [model] = use.models;
      return { why: model === undefined ? "the call names no model" : `no price is known of the model ${model}` };
    },
  };
}

/** Undefined: the book does not know the model. */
function rateModel(use: Use, provider: string | undefined, model: string): RatedUse | undefined {
  const found = ask(use, provider, withoutPrefix(model));
  if (found === null) return undefined;
  if (found instanceof Error) return { why: `the price of ${model} could not be calculated: ${found.message}` };
  const missing = missingPrice(use.tokens, found);
  if (missing !== undefined) return { why: `the price list has no price for ${missing} of ${found.model.id}` };
  const factor = tierFactor(use.serviceTier, found.model.id);
  if (factor === undefined) return { why: `no price is known of ${found.model.id} at the service tier ${use.serviceTier}` };
  const input = picodollars(found.input_price * factor);
  const output = picodollars(found.output_price * factor);
  const rest = picodollars((found.total_price - found.input_price - found.output_price) * factor);
  const guessed = provider === undefined ? " (provider guessed by the model's name)" : "";
  return {
    cost: usdText(input + output + (rest > 0n ? rest : 0n)),
    inputCost: usdText(input),
    outputCost: usdText(output),
    book: PUBLIC_BOOK,
    priceModel: `${found.provider.id}/${found.model.id}${guessed}`,
  };
}

function ask({ tokens, at }: Use, provider: string | undefined, model: string): PriceCalculation | Error | null {
  const usage = {
    input_tokens: tokens.input,
    output_tokens: tokens.output,
    cache_read_tokens: tokens.cacheRead,
    cache_write_tokens: tokens.cacheWrite,
    ...(tokens.cacheWriteHour > 0 ? { cache_write_1h_tokens: tokens.cacheWriteHour } : {}),
    ...(tokens.inputAudio > 0 ? { input_audio_tokens: tokens.inputAudio } : {}),
    ...(tokens.outputAudio > 0 ? { output_audio_tokens: tokens.outputAudio } : {}),
  };
  try {
    return calcPrice(usage, model, { timestamp: at, ...(provider === undefined ? {} : { providerId: provider }) });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The book prices audio as text where it has no price of its own for it, which is far too cheap. */
function missingPrice({ inputAudio, outputAudio, cacheWriteHour }: Tokens, { model_price: price }: PriceCalculation): string | undefined {
  if (inputAudio > 0 && price["input_audio_mtok"] === undefined) return "audio that goes in";
  if (outputAudio > 0 && price["output_audio_mtok"] === undefined) return "audio that comes out";
  if (cacheWriteHour > 0 && price["cache_write_1h_mtok"] === undefined) return "a cache that is kept for an hour";
  return undefined;
}

/** LiteLLM puts the provider before the model's name. */
function withoutPrefix(model: string): string {
  const slash = model.indexOf("/");
  return slash > 0 && MODEL_PREFIXES.has(model.slice(0, slash)) ? model.slice(slash + 1) : model;
}
