import type { ClickHouse } from "@roadbed/clickhouse";
import type { Handler, Logger } from "@roadbed/core";

import { makeListCaptures, makeSetCapture } from "../capture/captures.ts";
import type { ObjectiveDeps } from "../deps.ts";
import { createAiReading, type AiReading } from "../genai/ai-reading.ts";
import { ownBook, type OwnPrice } from "../genai/own-prices.ts";
import { booksInTurn } from "../genai/price-book.ts";
import { publicBook } from "../genai/public-book.ts";
import { makeEndPrice, makeFindPrice, makeListPrices, makeSetPrice } from "../price/prices.ts";
import { readOwnPrices } from "../price/price-store.ts";
import { makeRerateCalls } from "../price/rerate.ts";
import { NO_THINGS } from "../slo/create-objectives.ts";
import { makeGetAiUse } from "./get-ai-use.ts";
import { makeGetScores, makeListScores } from "./scores.ts";
import { makeListAiCalls } from "./list-ai-calls.ts";

export interface Ai {
  readonly handlers: readonly Handler[];
  /** For the intake. */
  readonly reading: AiReading;
  /** Reads prices and what teams let us keep; `start` does so every ten seconds, since another server may have changed them. */
  readSettings(): Promise<void>;
  start(): void;
  stop(): void;
}

const EVERY_MS = 10_000;
/** Services whose team is looked up. */
const MOST_SERVICES = 5_000;

/** Use of models: how their spans are read, what they cost, and what is asked about both. */
export function createAi(clickhouse: ClickHouse, log: Logger, deps: ObjectiveDeps | undefined): Ai {
  const things = deps?.things ?? NO_THINGS;
  let prices: readonly OwnPrice[] = [];
  let capturing: ReadonlySet<string> = new Set();
  let teamOf: ReadonlyMap<string, string> = new Map();
  const seen = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const servicesOf = (team: string) => [...teamOf].flatMap(([service, owner]) => (owner === team ? [service] : [])).toSorted();
  const asked = { clickhouse, things };

  async function readSettings(): Promise<void> {
    if (deps === undefined) return;
    prices = await readOwnPrices(deps.db);
    const { rows } = await deps.db.query<{ team: string }>("select team from telemetry.capture where captures");
    const whose = await things.whoseServices([...seen]);
    teamOf = new Map([...whose].flatMap(([service, { owner }]) => (owner === undefined ? [] : [[service, owner]])));
    capturing = new Set(rows.map(({ team }) => team));
  }

  return {
    reading: createAiReading({
      book: booksInTurn([ownBook(() => prices), publicBook()]),
      captures: (service) => {
        // Whose it is, is known a moment later: until then nothing of what was said is kept.
        if (!seen.has(service) && seen.size < MOST_SERVICES) seen.add(service);
        const team = teamOf.get(service);
        return team !== undefined && capturing.has(team);
      },
    }),
    handlers: [
      makeGetAiUse(asked),
      makeListAiCalls(asked),
      makeGetScores(asked),
      makeListScores(asked),
      makeListPrices(),
      makeSetPrice(),
      makeEndPrice(),
      makeFindPrice(),
      makeRerateCalls(clickhouse),
      makeListCaptures(servicesOf),
      makeSetCapture({ may: deps?.may }, servicesOf),
    ],
    readSettings,
    start() {
      if (deps === undefined) return;
      const again = () =>
        readSettings().catch((error: unknown) =>
          log.warn("prices of models could not be read; those of before hold", { error: String(error) }),
        );
      clearInterval(timer);
      timer = setInterval(() => void again(), EVERY_MS).unref();
      void again();
    },
    stop: () => clearInterval(timer),
  };
}
