create schema if not exists paths;

-- One following of a golden path. The path as it was when the run was asked for is kept with it, so that a changed path
-- changes no run that has begun.
create table paths.run (
  id text primary key,
  path_ref text not null,
  path_title text not null,
  path jsonb not null,
  status text not null check (status in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  -- As `formatActor` writes it, and whole, to act in their name.
  actor text not null,
  actor_detail jsonb not null,
  user_ref text not null,
  -- For people: secrets are ***.
  shown_values jsonb not null,
  -- Values and secrets, encrypted; gone when the run has succeeded.
  sealed bytea,
  -- Counts retries; a workflow belongs to one attempt.
  attempt integer not null default 1,
  cancel_requested boolean not null default false,
  -- The number of the folder that holds the workspace as the last step left it; 0 is the empty one.
  workspace integer not null default 0,
  -- The workspace that policies have been asked about, and what they answered.
  judged_workspace integer,
  decision_id text,
  error text,
  outputs jsonb not null default '{}',
  links jsonb not null default '[]',
  entity_ref text,
  log_seq bigint not null default 0,
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz
);

create index run_by_status on paths.run (status, id desc);
create index run_by_actor on paths.run (actor, id desc);
create index run_by_entity on paths.run (entity_ref, id desc) where entity_ref is not null;

create table paths.run_step (
  run_id text not null references paths.run (id) on delete cascade,
  n integer not null,
  id text not null,
  name text not null,
  action text not null,
  status text not null check (status in ('open', 'processing', 'completed', 'failed', 'skipped', 'cancelled')),
  started_at timestamptz,
  ended_at timestamptz,
  error text,
  output jsonb,
  primary key (run_id, n)
);

-- Lines are numbered per run, from 1, without gaps.
create table paths.run_log (
  run_id text not null references paths.run (id) on delete cascade,
  seq bigint not null,
  at timestamptz not null,
  step_id text,
  level text not null check (level in ('info', 'warn', 'error')),
  message text not null,
  primary key (run_id, seq)
);
