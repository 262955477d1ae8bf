-- Each time that somebody had a run go on: how long it had stood still for a person is told from these.
create table paths.run_retry (
  run_id text not null references paths.run (id) on delete cascade,
  -- The attempt that began then; 2 is the first retry.
  attempt integer not null,
  stopped_at timestamptz not null,
  stopped_as text not null check (stopped_as in ('failed', 'cancelled')),
  retried_at timestamptz not null,
  actor text not null,
  name text not null,
  primary key (run_id, attempt)
);
