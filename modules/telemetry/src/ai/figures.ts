import type { AiFigures } from "@roadbed/contracts/telemetry/ai";

/** What is counted over calls and their corrections. */
export const FIGURES_SQL = `
    toInt64(sum(calls)) as allCalls,
    countIf(status = 'error' and calls = 1) as errors,
    sum(input_tokens) as inputTokens,
    sum(output_tokens) as outputTokens,
    sum(cache_read_tokens) as cacheReadTokens,
    sum(cache_write_tokens) as cacheWriteTokens,
    sum(reasoning_tokens) as reasoningTokens,
    toInt64(sum(priced)) as pricedCalls,
    toInt64(sum(unpriced)) as unpricedCalls,
    toString(sum(cost)) as usd,
    quantilesTDigestIf(0.5, 0.95)(toFloat32(duration_ns / 1e6), calls = 1) as took,
    quantilesTDigestIf(0.5, 0.95)(toFloat32(ttft_ms), calls = 1 and ttft_ms >= 0) as firstToken`;

export interface FiguresRow {
  readonly allCalls: number;
  readonly errors: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly pricedCalls: number;
  readonly unpricedCalls: number;
  readonly usd: string;
  readonly took: readonly (number | null)[];
  readonly firstToken: readonly (number | null)[];
}

export function toFigures(row: FiguresRow): AiFigures {
  const { pricedCalls: priced, unpricedCalls: unpriced, usd, took, firstToken, allCalls: calls, errors } = row;
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = row;
  return {
    calls,
    errors,
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    priced,
    unpriced,
    untold: Math.max(0, calls - priced - unpriced),
    ...(priced > 0 ? { cost: usdOf(usd) } : {}),
    ...present("p50Ms", took[0]),
    ...present("p95Ms", took[1]),
    ...present("ttftP50Ms", firstToken[0]),
    ...present("ttftP95Ms", firstToken[1]),
  };
}

export const NO_FIGURES: AiFigures = {
  calls: 0,
  errors: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  priced: 0,
  unpriced: 0,
  untold: 0,
};

/** The store leaves out zeros behind the point; an amount always has twelve digits there. */
export function usdOf(text: string): string {
  const [whole = "0", rest = ""] = text.split(".");
  return `${whole}.${rest.padEnd(12, "0")}`;
}

function present<K extends string>(key: K, value: number | null | undefined): Partial<Record<K, number>> {
  return value === null || value === undefined || Number.isNaN(value) ? {} : ({ [key]: value } as Record<K, number>);
}
