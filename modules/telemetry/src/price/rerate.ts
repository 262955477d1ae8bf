import { randomUUID } from "node:crypto";

import type { ClickHouse } from "@roadbed/clickhouse";
import { rerateCalls } from "@roadbed/contracts/telemetry/ai";
import { handle, type Handler } from "@roadbed/core";

import { usdText, type RatedUse } from "../genai/price-book.ts";
import { resolveWindow, sqlTime } from "../read/window.ts";
import { CORRECTION_COLUMNS, putCorrection, type CallToRate } from "./correction.ts";
import { createRowWriter } from "../otlp/row-writer.ts";
import { bookOf } from "./prices.ts";

const MOST = 20_000;
const EXAMPLES = 20;

/** Rates calls anew. What is different becomes a row of its own with the difference, so that both the old figure and why it changed stay. */
export function makeRerateCalls(clickhouse: ClickHouse): Handler {
  return handle(rerateCalls, async (ctx, { from, to, model, apply }) => {
    const window = resolveWindow({ from, to }, ctx.now());
    const book = await bookOf(ctx.sql);
    const params = { from: sqlTime(window.from), to: sqlTime(window.to), model: model ?? "" };
    const calls = await clickhouse.query<CallToRate>(CALLS, { params, who: rerateCalls.name, signal: ctx.signal });
    const rated = calls.slice(0, MOST).map((call) => ({ call, now: book.rate(useOf(call)) }));
    const changed = rated.filter(({ call, now }) => differs(call, now));
    if (apply && changed.length > 0) {
      const w = createRowWriter(64 * 1024);
      const correction = `${ctx.now().toISOString()} ${randomUUID()}`;
      for (const { call, now } of changed) putCorrection(w, call, now, correction);
      await clickhouse.insertBlock("ai_call", CORRECTION_COLUMNS, w.bytes.subarray(0, w.pos), { token: correction, rows: changed.length });
    }
    return {
      calls: rated.length,
      changed: changed.length,
      before: usdText(rated.reduce((sum, { call }) => sum + BigInt(call.pico), 0n)),
      after: usdText(rated.reduce((sum, { now }) => sum + picoOf(now), 0n)),
      applied: apply,
      more: calls.length > MOST,
      examples: changed.slice(0, EXAMPLES).map(({ call, now }) => ({
        model: call.responseModel || call.requestModel,
        traceId: call.traceId,
        ...(call.pricedCalls > 0 ? { before: usdText(BigInt(call.pico)) } : {}),
        ...("why" in now ? { why: now.why } : { after: now.cost, price: `${now.priceModel}, ${now.book}` }),
      })),
    };
  });
}

/** Each call with what all its rows say that it cost, in picodollars. */
const CALLS = `
  select
    any(sample) as isSample, any(service) as ofService, any(environment) as ofEnvironment,
    lower(hex(trace_id)) as traceId, lower(hex(span_id)) as spanId, lower(hex(any(parent_span_id))) as parentSpanId,
    any(name) as ofName, toString(toUnixTimestamp64Nano(time)) as ns, toString(any(duration_ns)) as durationNs,
    any(dialect) as ofDialect, any(mapping_version) as mappingVersion, any(operation) as ofOperation, any(provider) as ofProvider,
    any(request_model) as requestModel, any(response_model) as responseModel, any(model_version) as modelVersion,
    any(prompt_name) as promptName, any(prompt_version) as promptVersion, any(agent) as ofAgent, any(session) as ofSession,
    any(service_tier) as serviceTier,
    sum(input_tokens) as inputTokens, sum(output_tokens) as outputTokens, sum(cache_read_tokens) as cacheRead,
    sum(cache_write_tokens) as cacheWrite, sum(cache_write_hour_tokens) as cacheWriteHour, sum(reasoning_tokens) as reasoning,
    sum(input_audio_tokens) as inputAudio, sum(output_audio_tokens) as outputAudio,
    toInt64(sum(priced)) as pricedCalls, toInt64(sum(unpriced)) as unpricedCalls,
    toString(toInt128(sum(cost) * 1000000000000)) as pico,
    toString(toInt128(sum(input_cost) * 1000000000000)) as inputPico,
    toString(toInt128(sum(output_cost) * 1000000000000)) as outputPico,
    argMax(why_unpriced, correction) as why
  from ai_call
  where time >= {from:DateTime64(3, 'UTC')} and time < {to:DateTime64(3, 'UTC')} and ({model:String} = '' or model = {model:String})
  group by trace_id, span_id, time
  having max(calls) = 1 and (pricedCalls > 0 or unpricedCalls > 0)
  order by time
  limit ${MOST + 1}`;

function useOf(call: CallToRate) {
  const { inputTokens: input, outputTokens: output, cacheRead, cacheWrite, cacheWriteHour, reasoning, inputAudio, outputAudio } = call;
  return {
    provider: call.ofProvider,
    models: [...new Set([call.responseModel, call.requestModel].filter((model) => model !== ""))],
    at: new Date(Number(BigInt(call.ns) / 1_000_000n)),
    tokens: { input, output, cacheRead, cacheWrite, cacheWriteHour, reasoning, inputAudio, outputAudio },
    serviceTier: call.serviceTier,
  };
}

function picoOf(rated: RatedUse): bigint {
  return "why" in rated ? 0n : BigInt(rated.cost.replace(".", ""));
}

function differs(call: CallToRate, now: RatedUse): boolean {
  const wasPriced = call.pricedCalls > 0;
  if ("why" in now) return wasPriced;
  return !wasPriced || picoOf(now) !== BigInt(call.pico);
}
