-- What evaluations said of calls of models: events in logs or on spans become rows.
CREATE TABLE IF NOT EXISTS ai_score{{local}} {{on_cluster}} (
  sample Bool,
  service LowCardinality(String),
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  -- The span that was judged; zero bytes where it is not told.
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  response_id String CODEC(ZSTD(1)),
  name LowCardinality(String),
  -- Absent: the evaluation gave a label only, or failed.
  value Nullable(Float64) CODEC(ZSTD(1)),
  label LowCardinality(String),
  explanation String CODEC(ZSTD(1)),
  error LowCardinality(String)
) ENGINE = {{r}}MergeTree
PARTITION BY toMonday(time)
ORDER BY (service, time)
TTL toDateTime(time) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;
-- distributed: ai_score by cityHash64(trace_id)

CREATE MATERIALIZED VIEW IF NOT EXISTS logs_to_ai_score{{local}} {{on_cluster}} TO ai_score{{local}} AS
SELECT
  sample, service, time, trace_id, span_id,
  attributes['gen_ai.response.id'] AS response_id,
  attributes['gen_ai.evaluation.name'] AS name,
  toFloat64OrNull(attributes['gen_ai.evaluation.score.value']) AS value,
  attributes['gen_ai.evaluation.score.label'] AS label,
  attributes['gen_ai.evaluation.explanation'] AS explanation,
  attributes['error.type'] AS error
FROM logs{{local}}
WHERE (event_name = 'gen_ai.evaluation.result' OR attributes['event.name'] = 'gen_ai.evaluation.result') AND attributes['gen_ai.evaluation.name'] != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS spans_to_ai_score{{local}} {{on_cluster}} TO ai_score{{local}} AS
SELECT
  sample, service, at AS time, trace_id, span_id,
  said['gen_ai.response.id'] AS response_id,
  said['gen_ai.evaluation.name'] AS name,
  toFloat64OrNull(said['gen_ai.evaluation.score.value']) AS value,
  said['gen_ai.evaluation.score.label'] AS label,
  said['gen_ai.evaluation.explanation'] AS explanation,
  said['error.type'] AS error
FROM spans{{local}}
ARRAY JOIN event_name AS event, event_time AS at, event_attributes AS said
WHERE event = 'gen_ai.evaluation.result' AND said['gen_ai.evaluation.name'] != '';
