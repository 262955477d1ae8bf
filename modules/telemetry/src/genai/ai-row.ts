import type { RatedUse } from "./price-book.ts";
import { isModelCall, MAPPING_VERSION, type AiFacts, type Tokens } from "./vocabulary.ts";

/** What the column `ai` of a span holds, as JSON; a view makes the columns of `ai_call` of it. The names are those columns. */
export type AiRow = Readonly<Record<string, string | number | readonly string[]>>;

/** `counts`: it is a leaf, so what it used is its own. What others say that they used is kept beside, and never summed. */
export function aiRowOf(facts: AiFacts, counts: boolean, rated: RatedUse | undefined): AiRow {
  const { tokens } = facts;
  const counted = counts ? tokens : undefined;
  const summed = counts ? undefined : tokens;
  return {
    dialect: facts.dialect,
    mapping_version: MAPPING_VERSION,
    operation: facts.operation,
    provider: facts.provider,
    request_model: facts.requestModel,
    response_model: facts.responseModel,
    model_version: facts.modelVersion,
    prompt_name: facts.promptName,
    prompt_version: facts.promptVersion,
    agent: facts.agent,
    agent_version: facts.agentVersion,
    tool: facts.tool,
    session: facts.session,
    finish: facts.finish,
    service_tier: facts.serviceTier,
    ttft_ms: facts.ttftMs ?? -1,
    calls: isModelCall(facts.operation) && (counts || tokens === undefined) ? 1 : 0,
    ...columnsOf(counted),
    summed_input_tokens: summed?.input ?? 0,
    summed_output_tokens: summed?.output ?? 0,
    reported_cost: facts.reportedCost ?? -1,
    ...(rated === undefined ? {} : ratedColumns(rated)),
    notes: facts.notes,
  };
}

function columnsOf(tokens: Tokens | undefined) {
  return {
    input_tokens: tokens?.input ?? 0,
    output_tokens: tokens?.output ?? 0,
    cache_read_tokens: tokens?.cacheRead ?? 0,
    cache_write_tokens: tokens?.cacheWrite ?? 0,
    cache_write_hour_tokens: tokens?.cacheWriteHour ?? 0,
    reasoning_tokens: tokens?.reasoning ?? 0,
    input_audio_tokens: tokens?.inputAudio ?? 0,
    output_audio_tokens: tokens?.outputAudio ?? 0,
  };
}

function ratedColumns(rated: RatedUse) {
  if ("why" in rated) return { unpriced: 1, why_unpriced: rated.why };
  const { cost, inputCost, outputCost, book, priceModel } = rated;
  return { priced: 1, cost, input_cost: inputCost, output_cost: outputCost, price_book: book, price_model: priceModel };
}
