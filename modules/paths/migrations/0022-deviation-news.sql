-- What was told of a deviation before its end; `told_at` is what was told at its end.
alter table paths.deviation add column warned_at timestamptz;
create index deviation_by_end on paths.deviation (expires_at) where status = 'active' and told_at is null;
