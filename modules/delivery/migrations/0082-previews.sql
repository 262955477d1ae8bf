-- Previews: a throw-away environment for each open change of a repository that wants them.

create table delivery.preview (
  change_id text primary key references delivery.change (id) on delete cascade,
  repository text not null,
  -- Null where none was made: there are too many.
  environment text,
  commit text not null,
  state text not null check (state in ('starting', 'ready', 'failed', 'refused', 'ended')),
  why text,
  asked_at timestamptz not null
);
create index preview_by_repository on delivery.preview (repository, state);
create index preview_by_environment on delivery.preview (environment);
