import type { AiFacts, Tokens } from "./vocabulary.ts";

/** What was used, of what, when. */
export interface Use {
  readonly provider: string;
  /** The model that answered, then the one that was asked. */
  readonly models: readonly string[];
  readonly at: Date;
  readonly tokens: Tokens;
  readonly serviceTier: string;
}

/** What a use cost, in USD with twelve decimals; or why nobody knows, which is not 0. */
export type RatedUse =
  | {
      readonly cost: string;
      readonly inputCost: string;
      readonly outputCost: string;
      /** Which price list, and which version of it. */
      readonly book: string;
      /** What of the list was applied, e.g. `openai/gpt-4o`. */
      readonly priceModel: string;
    }
  | { readonly why: string };

export interface PriceBook {
  rate(use: Use): RatedUse;
}

/** Prices in whole picodollars, so that sums are exact. */
export function picodollars(usd: number): bigint {
  return BigInt(Math.round(usd * 1e12));
}

export function usdText(pico: bigint): string {
  const [sign, digits] = [pico < 0n ? "-" : "", String(pico < 0n ? -pico : pico).padStart(13, "0")];
  return `${sign}${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

export function useOf(facts: AiFacts, tokens: Tokens, atMs: number): Use {
  const models = [...new Set([facts.responseModel, facts.requestModel].filter((model) => model !== ""))];
  return { provider: facts.provider, models, at: new Date(atMs), tokens, serviceTier: facts.serviceTier };
}

/** The first book that knows a price; what none knows is explained by the last. */
export function booksInTurn(books: readonly PriceBook[]): PriceBook {
  return {
    rate(use) {
      let rated: RatedUse = { why: "there is no price book" };
      for (const book of books) {
        rated = book.rate(use);
        if (!("why" in rated)) return rated;
      }
      return rated;
    },
  };
}
