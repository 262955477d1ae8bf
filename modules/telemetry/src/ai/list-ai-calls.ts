import { listAiCalls, type AiCall } from "@roadbed/contracts/telemetry/ai";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import { resolveWindow } from "../read/window.ts";
import { usdOf } from "./figures.ts";
import { callsOf, type AiDeps } from "./which-calls.ts";

/** Where the page before ended: the time in nanoseconds, and the span. */
const Cursor = z.object({ ns: z.string().regex(/^\d+$/), id: z.string() });

export function makeListAiCalls(deps: AiDeps): Handler {
  return handle(listAiCalls, async (ctx, { limit, cursor, unpriced, errors, from, to, ...which }) => {
    const window = resolveWindow({ from, to }, ctx.now());
    const after = readCursor(Cursor, cursor);
    const calls = await callsOf(ctx, deps, window, which, true);
    const having = [
      "max(calls) = 1",
      ...(unpriced === undefined ? [] : [unpriced ? "unpricedCalls > 0" : "pricedCalls > 0"]),
      ...(errors === undefined ? [] : [errors ? "failed" : "not failed"]),
      ...(after === undefined ? [] : ["(at_ns, id) < ({ns:UInt64}, {id:String})"]),
    ];
    const sql = `${SELECT}
  from ${calls.from}
  where ${calls.where}
  group by trace_id, span_id, time
  having ${having.join(" and ")}
  order by at_ns desc, id desc
  limit ${limit + 1}`;
    const params = { ...calls.params, ...(after === undefined ? {} : after) };
    const rows = await deps.clickhouse.query<CallRow>(sql, { params, who: listAiCalls.name, signal: ctx.signal });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(toCall),
      ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor({ ns: last.ns, id: last.id }) } : {}),
    };
  });
}

/** The call, and what was said of its price last. */
const SELECT = `
  select
    lower(hex(trace_id)) as traceId,
    lower(hex(span_id)) as spanId,
    concat(traceId, spanId) as id,
    toUInt64(toUnixTimestamp64Nano(time)) as at_ns,
    toString(at_ns) as ns,
    formatDateTime(time, '%FT%T.%fZ', 'UTC') as at,
    any(service) as ofService, any(environment) as ofEnvironment, any(name) as ofName, any(operation) as ofOperation,
    any(dialect) as ofDialect, any(mapping_version) as mappingVersion, any(provider) as ofProvider,
    any(request_model) as requestModel, any(response_model) as responseModel, any(model_version) as modelVersion,
    any(prompt_name) as prompt, any(prompt_version) as promptVersion, any(who) as agentName, any(session) as ofSession,
    anyIf(finish, calls = 1) as finished, toString(any(status)) as ended, ended = 'error' as failed,
    any(duration_ns) / 1e6 as durationMs, maxIf(ttft_ms, calls = 1) as ttft,
    sum(input_tokens) as inputTokens, sum(output_tokens) as outputTokens, sum(cache_read_tokens) as cacheReadTokens,
    sum(cache_write_tokens) as cacheWriteTokens, sum(reasoning_tokens) as reasoningTokens,
    toInt64(sum(priced)) as pricedCalls, toInt64(sum(unpriced)) as unpricedCalls, toString(sum(cost)) as usd,
    argMax(price_book, correction) as book, argMax(price_model, correction) as price, argMax(why_unpriced, correction) as why,
    maxIf(reported_cost, calls = 1) as reported, anyIf(notes, calls = 1) as remarks`;

interface CallRow {
  readonly traceId: string;
  readonly spanId: string;
  readonly id: string;
  readonly ns: string;
  readonly at: string;
  readonly ofService: string;
  readonly ofEnvironment: string;
  readonly ofName: string;
  readonly ofOperation: string;
  readonly ofDialect: string;
  readonly mappingVersion: number;
  readonly ofProvider: string;
  readonly requestModel: string;
  readonly responseModel: string;
  readonly modelVersion: string;
  readonly prompt: string;
  readonly promptVersion: string;
  readonly agentName: string;
  readonly ofSession: string;
  readonly finished: string;
  readonly ended: AiCall["status"];
  readonly durationMs: number;
  readonly ttft: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly pricedCalls: number;
  readonly unpricedCalls: number;
  readonly usd: string;
  readonly book: string;
  readonly price: string;
  readonly why: string;
  readonly reported: number;
  readonly remarks: string[];
}

function toCall(row: CallRow): AiCall {
  const texts = {
    environment: row.ofEnvironment,
    provider: row.ofProvider,
    requestModel: row.requestModel,
    responseModel: row.responseModel,
    modelVersion: row.modelVersion,
    prompt: row.prompt,
    promptVersion: row.promptVersion,
    agent: row.agentName,
    session: row.ofSession,
    finish: row.finished,
  };
  const { at, traceId, spanId, durationMs, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, mappingVersion } =
    row;
  return {
    at,
    traceId,
    spanId,
    service: row.ofService,
    name: row.ofName,
    operation: row.ofOperation,
    dialect: row.ofDialect,
    mappingVersion,
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== "")),
    status: row.ended,
    durationMs,
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    ...(row.ttft >= 0 ? { ttftMs: row.ttft } : {}),
    ...(row.pricedCalls > 0
      ? {
          cost: usdOf(row.usd),
          priceBook: row.book,
          price: row.price,
        }
      : {}),
    ...(row.unpricedCalls > 0 ? { whyUnpriced: row.why } : {}),
    ...(row.reported >= 0 ? { reportedCost: row.reported } : {}),
    notes: row.remarks,
  };
}
