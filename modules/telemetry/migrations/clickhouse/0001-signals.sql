-- Spans as they came. Sorted by service and time, since nearly every question names both; a trace is found by its index.
CREATE TABLE IF NOT EXISTS spans{{local}} {{on_cluster}} (
  sample Bool,
  service LowCardinality(String),
  -- The attributes of the resource as JSON: the same text in thousands of rows.
  resource LowCardinality(String),
  scope_name LowCardinality(String),
  scope_version LowCardinality(String),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(NONE),
  -- Eight zero bytes for a root.
  parent_span_id FixedString(8) CODEC(ZSTD(1)),
  trace_state String CODEC(ZSTD(1)),
  name LowCardinality(String),
  kind Enum8('unspecified' = 0, 'internal' = 1, 'server' = 2, 'client' = 3, 'producer' = 4, 'consumer' = 5),
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  duration_ns UInt64 CODEC(T64, ZSTD(1)),
  status Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
  status_message String CODEC(ZSTD(1)),
  attributes Map(String, String) CODEC(ZSTD(1)),
  event_time Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
  event_name Array(LowCardinality(String)) CODEC(ZSTD(1)),
  event_attributes Array(Map(String, String)) CODEC(ZSTD(1)),
  link_trace_id Array(FixedString(16)) CODEC(ZSTD(1)),
  link_span_id Array(FixedString(8)) CODEC(ZSTD(1)),
  link_attributes Array(Map(String, String)) CODEC(ZSTD(1)),
  INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = {{r}}MergeTree
PARTITION BY toMonday(time)
ORDER BY (service, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;
-- distributed: spans by cityHash64(trace_id)

CREATE TABLE IF NOT EXISTS logs{{local}} {{on_cluster}} (
  sample Bool,
  service LowCardinality(String),
  resource LowCardinality(String),
  scope_name LowCardinality(String),
  scope_version LowCardinality(String),
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  -- OpenTelemetry's severity number, 1 to 24; 0 when the sender told none.
  severity UInt8,
  severity_text LowCardinality(String),
  body String CODEC(ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  event_name LowCardinality(String),
  attributes Map(String, String) CODEC(ZSTD(1)),
  INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = {{r}}MergeTree
PARTITION BY toMonday(time)
ORDER BY (service, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;
-- distributed: logs by cityHash64(service)

-- One row per data point of any kind; columns of the other kinds are empty and cost next to nothing.
CREATE TABLE IF NOT EXISTS metric_points{{local}} {{on_cluster}} (
  sample Bool,
  service LowCardinality(String),
  resource LowCardinality(String),
  scope_name LowCardinality(String),
  scope_version LowCardinality(String),
  name LowCardinality(String),
  unit LowCardinality(String),
  description LowCardinality(String),
  kind Enum8('none' = 0, 'gauge' = 1, 'sum' = 2, 'histogram' = 3, 'exponential' = 4, 'summary' = 5),
  monotonic Bool,
  temporality Enum8('unspecified' = 0, 'delta' = 1, 'cumulative' = 2),
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  start_time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  value Nullable(Float64) CODEC(ZSTD(1)),
  count UInt64 CODEC(T64, ZSTD(1)),
  sum Nullable(Float64) CODEC(ZSTD(1)),
  min Nullable(Float64) CODEC(ZSTD(1)),
  max Nullable(Float64) CODEC(ZSTD(1)),
  bounds Array(Float64) CODEC(ZSTD(1)),
  bucket_counts Array(UInt64) CODEC(ZSTD(1)),
  scale Int32,
  zero_count UInt64 CODEC(ZSTD(1)),
  zero_threshold Float64 CODEC(ZSTD(1)),
  positive_offset Int32,
  positive_counts Array(UInt64) CODEC(ZSTD(1)),
  negative_offset Int32,
  negative_counts Array(UInt64) CODEC(ZSTD(1)),
  quantiles Array(Float64) CODEC(ZSTD(1)),
  quantile_values Array(Float64) CODEC(ZSTD(1)),
  attributes Map(String, String) CODEC(ZSTD(1))
) ENGINE = {{r}}MergeTree
PARTITION BY toMonday(time)
ORDER BY (service, name, time)
TTL toDateTime(time) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;
-- distributed: metric_points by cityHash64(service)
