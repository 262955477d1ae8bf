-- Measurements that stand for a point, with the span during which each was made: the way from a figure to a trace.
ALTER TABLE metric_points{{local}} {{on_cluster}}
  ADD COLUMN IF NOT EXISTS exemplar_time Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplar_value Array(Float64) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplar_trace_id Array(FixedString(16)) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplar_span_id Array(FixedString(8)) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplar_attributes Array(Map(String, String)) CODEC(ZSTD(1));
ALTER TABLE metric_points {{on_cluster}}
  ADD COLUMN IF NOT EXISTS exemplar_time Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplar_value Array(Float64) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplar_trace_id Array(FixedString(16)) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplar_span_id Array(FixedString(8)) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS exemplar_attributes Array(Map(String, String)) CODEC(ZSTD(1));
