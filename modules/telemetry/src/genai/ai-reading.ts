import { isModelCall, type AiFacts, type Tokens } from "./vocabulary.ts";
import { createLeaves, type Leaves } from "./leaves.ts";
import { useOf, type PriceBook, type RatedUse } from "./price-book.ts";

/** What the intake asks about spans that speak of models. */
export interface AiReading {
  /** Whether what people and models said may be stored. */
  captures(service: string): boolean;
  /** Which of a request's spans count what they used. */
  settle(spans: readonly { readonly trace: string; readonly span: string; readonly parent: string; readonly facts: AiFacts }[]): boolean[];
  rate(facts: AiFacts, tokens: Tokens, atMs: number): RatedUse;
}

/** How spans of models are read: by a price book, and by what teams let us keep. */
export function createAiReading(o: {
  readonly book: PriceBook;
  readonly captures: (service: string) => boolean;
  readonly leaves?: Leaves;
}): AiReading {
  const leaves = o.leaves ?? createLeaves();
  return {
    captures: o.captures,
    settle: (spans) =>
      leaves.settle(
        spans.map(({ trace, span, parent, facts }) => ({
          trace,
          span,
          parent,
          uses: isModelCall(facts.operation) && facts.tokens !== undefined,
        })),
      ),
    rate: (facts, tokens, atMs) => o.book.rate(useOf(facts, tokens, atMs)),
  };
}
