-- Requests, errors and durations per service, operation and minute, counted as spans arrive.
-- source tells what was counted: spans that enter a service (server), roots of services that nobody enters (root),
-- and, with an empty operation and only to know who is alive, all other spans, logs and metric points.
CREATE TABLE IF NOT EXISTS red_minute{{local}} {{on_cluster}} (
  service LowCardinality(String),
  source Enum8('server' = 0, 'root' = 1, 'inner' = 2, 'log' = 3, 'metric' = 4),
  operation LowCardinality(String),
  minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
  sample Bool,
  requests SimpleAggregateFunction(sum, UInt64),
  errors SimpleAggregateFunction(sum, UInt64),
  last SimpleAggregateFunction(max, DateTime64(9, 'UTC')),
  durations AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Float32) CODEC(ZSTD(1))
) ENGINE = {{r}}AggregatingMergeTree
PARTITION BY toMonday(minute)
ORDER BY (service, source, operation, minute, sample)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;
-- distributed: red_minute by cityHash64(service)

CREATE MATERIALIZED VIEW IF NOT EXISTS spans_to_red_minute{{local}} {{on_cluster}} TO red_minute{{local}} AS
SELECT
  service,
  multiIf(kind IN ('server', 'consumer'), 'server', parent_span_id = toFixedString('', 8), 'root', 'inner') AS source,
  if(source = 'inner', '', name) AS operation,
  toStartOfMinute(toDateTime(time, 'UTC')) AS minute,
  sample,
  count() AS requests,
  countIf(status = 'error') AS errors,
  max(time) AS last,
  quantilesTDigestStateIf(0.5, 0.95, 0.99)(toFloat32(duration_ns / 1e6), source != 'inner') AS durations
FROM spans{{local}}
GROUP BY service, source, operation, minute, sample;

CREATE MATERIALIZED VIEW IF NOT EXISTS logs_to_red_minute{{local}} {{on_cluster}} TO red_minute{{local}} AS
SELECT service, 'log' AS source, '' AS operation, toStartOfMinute(toDateTime(time, 'UTC')) AS minute, sample, count() AS requests, max(time) AS last
FROM logs{{local}}
GROUP BY service, minute, sample;

CREATE MATERIALIZED VIEW IF NOT EXISTS metric_points_to_red_minute{{local}} {{on_cluster}} TO red_minute{{local}} AS
SELECT service, 'metric' AS source, '' AS operation, toStartOfMinute(toDateTime(time, 'UTC')) AS minute, sample, count() AS requests, max(time) AS last
FROM metric_points{{local}}
GROUP BY service, minute, sample;
