-- How long what a run made is to live.
create table paths.lifetime (
  id text primary key,
  run_id text not null unique references paths.run (id),
  path_ref text not null,
  path_title text not null,
  entity_ref text,
  -- How people call it.
  name text not null,
  state text not null check (state in ('active', 'ending', 'ended')),
  began_at timestamptz not null,
  ends_at timestamptz not null,
  -- No extension goes beyond it.
  at_most timestamptz not null,
  warn_before_ms bigint not null,
  extend_by_ms bigint not null,
  warned_for timestamptz,
  ended_at timestamptz,
  -- Who extended it, when, until when, and why.
  extensions jsonb not null default '[]'
);
create index lifetime_by_end on paths.lifetime (ends_at) where state = 'active';
create index lifetime_by_entity on paths.lifetime (entity_ref) where entity_ref is not null;
