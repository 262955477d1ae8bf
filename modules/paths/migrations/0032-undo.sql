-- Taking back what a run made, step by step, in reverse order.
alter table paths.run add column undo_state text check (undo_state in ('requested', 'running', 'done', 'partly'));
alter table paths.run add column undo_why text;
alter table paths.run add column undo_attempt integer not null default 0;

create table paths.run_undo (
  run_id text not null references paths.run (id) on delete cascade,
  n integer not null,
  state text not null check (state in ('done', 'remains', 'failed')),
  -- What was taken back, or what stays and why, for people.
  words text not null,
  at timestamptz not null,
  primary key (run_id, n)
);

-- What the preview of a run showed, so that two runs can be compared.
alter table paths.run add column verdict text;
create table paths.run_file (
  run_id text not null references paths.run (id) on delete cascade,
  path text not null,
  hash text not null,
  primary key (run_id, path)
);
