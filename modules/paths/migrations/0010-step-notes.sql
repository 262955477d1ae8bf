-- What a step has to remember between its tries, so that nothing outside is made twice: what was there before, and since when.
-- `key` is that of the step's turn; never holds secrets.
create table paths.step_note (
  run_id text not null references paths.run (id) on delete cascade,
  key text not null,
  name text not null,
  value jsonb not null,
  at timestamptz not null default now(),
  primary key (key, name)
);
create index step_note_by_run on paths.step_note (run_id);
