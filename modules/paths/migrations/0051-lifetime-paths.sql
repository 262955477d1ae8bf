-- A time to live may name the path that is followed at its end, in place of taking back what the run made.
alter table paths.lifetime
  add column end_path text,
  -- Its answers; texts may name parameters and outputs of the run.
  add column end_values jsonb,
  -- The run that ends it, and why it could not.
  add column end_run_id text references paths.run (id),
  add column end_error text,
  add column tried_at timestamptz;
create index lifetime_by_end_run on paths.lifetime (end_run_id) where end_run_id is not null;
