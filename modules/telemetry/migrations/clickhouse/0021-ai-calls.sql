-- What a span says of models, agents and tools, read into one vocabulary as JSON; empty for all other spans.
ALTER TABLE spans{{local}} {{on_cluster}} ADD COLUMN IF NOT EXISTS ai String CODEC(ZSTD(1));
ALTER TABLE spans {{on_cluster}} ADD COLUMN IF NOT EXISTS ai String CODEC(ZSTD(1));

-- One narrow row per such span, and rows that correct what one cost. Everything that is summed is a sum over all of them: a call counts 1,
-- its correction 0 with the difference of the cost. Tokens stand only where they count once, at calls without calls below them.
CREATE TABLE IF NOT EXISTS ai_call{{local}} {{on_cluster}} (
  sample Bool,
  service LowCardinality(String),
  environment LowCardinality(String),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(NONE),
  parent_span_id FixedString(8) CODEC(ZSTD(1)),
  name LowCardinality(String),
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  duration_ns UInt64 CODEC(T64, ZSTD(1)),
  status Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
  -- Empty: the span itself. Else the correction, by when it was made and why.
  correction String CODEC(ZSTD(1)),
  dialect LowCardinality(String),
  mapping_version UInt16,
  operation LowCardinality(String),
  provider LowCardinality(String),
  request_model LowCardinality(String),
  response_model LowCardinality(String),
  model LowCardinality(String) DEFAULT if(response_model != '', response_model, request_model),
  model_version LowCardinality(String),
  prompt_name LowCardinality(String),
  prompt_version LowCardinality(String),
  agent LowCardinality(String),
  agent_version LowCardinality(String),
  tool LowCardinality(String),
  session String CODEC(ZSTD(1)),
  finish LowCardinality(String),
  service_tier LowCardinality(String),
  -- Milliseconds to the first token; below 0: not told.
  ttft_ms Float64 CODEC(ZSTD(1)),
  calls Int8,
  input_tokens Int64 CODEC(T64, ZSTD(1)),
  output_tokens Int64 CODEC(T64, ZSTD(1)),
  cache_read_tokens Int64 CODEC(T64, ZSTD(1)),
  cache_write_tokens Int64 CODEC(T64, ZSTD(1)),
  cache_write_hour_tokens Int64 CODEC(T64, ZSTD(1)),
  reasoning_tokens Int64 CODEC(T64, ZSTD(1)),
  input_audio_tokens Int64 CODEC(T64, ZSTD(1)),
  output_audio_tokens Int64 CODEC(T64, ZSTD(1)),
  -- What a span that sums others up says that they used; never to be added to theirs.
  summed_input_tokens Int64 CODEC(T64, ZSTD(1)),
  summed_output_tokens Int64 CODEC(T64, ZSTD(1)),
  -- What the sender says that it cost; below 0: nothing.
  reported_cost Float64 CODEC(ZSTD(1)),
  priced Int8,
  unpriced Int8,
  why_unpriced LowCardinality(String),
  cost Decimal(38, 12) CODEC(ZSTD(1)),
  input_cost Decimal(38, 12) CODEC(ZSTD(1)),
  output_cost Decimal(38, 12) CODEC(ZSTD(1)),
  price_book LowCardinality(String),
  price_model LowCardinality(String),
  notes Array(LowCardinality(String)),
  INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = {{r}}MergeTree
PARTITION BY toMonday(time)
ORDER BY (service, time)
TTL toDateTime(time) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;
-- distributed: ai_call by cityHash64(trace_id)

CREATE MATERIALIZED VIEW IF NOT EXISTS spans_to_ai_call{{local}} {{on_cluster}} TO ai_call{{local}} AS
WITH JSONExtract(ai, 'Tuple(dialect String, mapping_version UInt16, operation String, provider String, request_model String, response_model String, model_version String, prompt_name String, prompt_version String, agent String, agent_version String, tool String, session String, finish String, service_tier String, ttft_ms Float64, calls Int8, input_tokens Int64, output_tokens Int64, cache_read_tokens Int64, cache_write_tokens Int64, cache_write_hour_tokens Int64, reasoning_tokens Int64, input_audio_tokens Int64, output_audio_tokens Int64, summed_input_tokens Int64, summed_output_tokens Int64, reported_cost Float64, priced Int8, unpriced Int8, why_unpriced String, cost String, input_cost String, output_cost String, price_book String, price_model String, notes Array(String))') AS a
SELECT
  sample, service,
  if(JSONHas(resource, 'deployment.environment.name'), JSONExtractString(resource, 'deployment.environment.name'), JSONExtractString(resource, 'deployment.environment')) AS environment,
  trace_id, span_id, parent_span_id, name, time, duration_ns, status, '' AS correction,
  a.dialect AS dialect, a.mapping_version AS mapping_version, a.operation AS operation, a.provider AS provider,
  a.request_model AS request_model, a.response_model AS response_model,
  if(a.response_model != '', a.response_model, a.request_model) AS model, a.model_version AS model_version,
  a.prompt_name AS prompt_name, a.prompt_version AS prompt_version, a.agent AS agent, a.agent_version AS agent_version,
  a.tool AS tool, a.session AS session, a.finish AS finish, a.service_tier AS service_tier, a.ttft_ms AS ttft_ms, a.calls AS calls,
  a.input_tokens AS input_tokens, a.output_tokens AS output_tokens, a.cache_read_tokens AS cache_read_tokens,
  a.cache_write_tokens AS cache_write_tokens, a.cache_write_hour_tokens AS cache_write_hour_tokens, a.reasoning_tokens AS reasoning_tokens,
  a.input_audio_tokens AS input_audio_tokens, a.output_audio_tokens AS output_audio_tokens,
  a.summed_input_tokens AS summed_input_tokens, a.summed_output_tokens AS summed_output_tokens, a.reported_cost AS reported_cost,
  a.priced AS priced, a.unpriced AS unpriced, a.why_unpriced AS why_unpriced,
  toDecimal128OrZero(a.cost, 12) AS cost, toDecimal128OrZero(a.input_cost, 12) AS input_cost, toDecimal128OrZero(a.output_cost, 12) AS output_cost,
  a.price_book AS price_book, a.price_model AS price_model, a.notes AS notes
FROM spans{{local}}
WHERE ai != '';
