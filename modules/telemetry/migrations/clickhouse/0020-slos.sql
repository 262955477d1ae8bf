-- What objectives counted, minute by minute: some 43,000 short rows are a window of 30 days, whatever the traffic. A minute that is counted
-- again, because something came late, stands once more, and the row with the most events holds: rows only ever come, so no clock has to be
-- trusted for which count is the newer. `revision` is a digest of what is counted, so figures of a definition that was changed are never
-- mixed with those of the one before.
CREATE TABLE IF NOT EXISTS slo_minute{{local}} {{on_cluster}} (
  slo LowCardinality(String),
  revision LowCardinality(String),
  sample Bool,
  minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
  good UInt64 CODEC(T64, ZSTD(1)),
  total UInt64 CODEC(T64, ZSTD(1))
) ENGINE = {{r}}ReplacingMergeTree(total)
PARTITION BY toStartOfMonth(minute)
ORDER BY (slo, revision, minute)
TTL minute + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;
-- distributed: slo_minute by cityHash64(slo)

-- How many rows of its service had come for each ten minutes when they were counted: where there are more now, they are counted again.
CREATE TABLE IF NOT EXISTS slo_slot{{local}} {{on_cluster}} (
  slo LowCardinality(String),
  revision LowCardinality(String),
  sample Bool,
  slot DateTime('UTC') CODEC(Delta, ZSTD(1)),
  arrived UInt64 CODEC(T64, ZSTD(1))
) ENGINE = {{r}}ReplacingMergeTree(arrived)
PARTITION BY toStartOfMonth(slot)
ORDER BY (slo, revision, slot)
TTL slot + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;
-- distributed: slo_slot by cityHash64(slo)
