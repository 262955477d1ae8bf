import { picodollars, usdText, type PriceBook, type Use } from "./price-book.ts";

/** A price of the organisation, per million tokens in USD, from one time until another. */
export interface OwnPrice {
  readonly id: string;
  /** Empty: whoever provides it. */
  readonly provider: string;
  /** A model's name, or its beginning with a star behind it. */
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number | undefined;
  readonly cacheWrite: number | undefined;
  readonly cacheWriteHour: number | undefined;
  readonly from: Date;
  readonly to: Date | undefined;
}

export const OWN_BOOK = "own prices";

/** What the organisation pays, before what is published. A whole name goes before a beginning, a longer beginning before a shorter. */
export function ownBook(prices: () => readonly OwnPrice[]): PriceBook {
  return {
    rate(use) {
      const found = priceFor(prices(), use);
      if (found === undefined) return { why: "the organisation has no price of its own for it" };
      const { tokens } = use;
      const plain = tokens.input - tokens.cacheRead - tokens.cacheWrite;
      const short = tokens.cacheWrite - tokens.cacheWriteHour;
      const write = found.cacheWrite ?? found.input;
      const inputUsd =
        (plain * found.input +
          tokens.cacheRead * (found.cacheRead ?? found.input) +
          short * write +
          tokens.cacheWriteHour * (found.cacheWriteHour ?? write)) /
        1e6;
      const [input, output] = [picodollars(inputUsd), picodollars((tokens.output * found.output) / 1e6)];
      return {
        cost: usdText(input + output),
        inputCost: usdText(input),
        outputCost: usdText(output),
        book: OWN_BOOK,
        priceModel: `${found.model} (${found.id})`,
      };
    },
  };
}

function priceFor(prices: readonly OwnPrice[], use: Use): OwnPrice | undefined {
  const fitting = prices.filter(
    (price) =>
      (price.provider === "" || price.provider === use.provider) &&
      price.from <= use.at &&
      (price.to === undefined || use.at < price.to) &&
      use.models.some((model) => matches(price.model, model)),
  );
  return fitting.toSorted(closest)[0];
}

function closest(a: OwnPrice, b: OwnPrice): number {
  const rank = ({ model }: OwnPrice) => (model.endsWith("*") ? model.length : 1_000);
  return rank(b) - rank(a) || Number(b.provider !== "") - Number(a.provider !== "") || b.from.getTime() - a.from.getTime();
}

function matches(pattern: string, model: string): boolean {
  return pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : model === pattern;
}
