-- Pipelines: commits that are built and tested, here or at the host that holds their repository.

create table delivery.pipeline_run (
  id text primary key,
  host text not null check (host in ('roadbed', 'github', 'gitlab')),
  repository text not null,
  -- Null where the catalogue does not know whose repository it is.
  entity_ref text,
  name text not null,
  branch text not null,
  commit text not null,
  message text not null,
  author text not null,
  trigger text not null check (trigger in ('push', 'change', 'hand', 'again', 'host')),
  change_id text,
  state text not null check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'superseded')),
  error text,
  -- As it stood in the commit; null for a run at another host.
  definition jsonb,
  asked_by text not null,
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  tests jsonb,
  address text,
  -- Of another host: its own number for the run, and what was told of it last.
  external_id text,
  told_at timestamptz,
  -- Counts up where the other host runs it again.
  attempt integer not null default 1,
  swept_at timestamptz
);
create index pipeline_run_by_commit on delivery.pipeline_run (repository, commit, id desc);
create index pipeline_run_by_branch on delivery.pipeline_run (repository, branch, id desc);
create index pipeline_run_by_entity on delivery.pipeline_run (entity_ref, id desc);
create index pipeline_run_by_state on delivery.pipeline_run (state, id desc);
create unique index pipeline_run_elsewhere on delivery.pipeline_run (host, repository, external_id) where external_id is not null;

create table delivery.pipeline_step (
  run_id text not null references delivery.pipeline_run (id) on delete cascade,
  -- As they are described.
  n integer not null,
  name text not null,
  needs text[] not null,
  commands text[] not null,
  state text not null check (state in ('waiting', 'running', 'succeeded', 'failed', 'timed-out', 'cancelled', 'skipped')),
  error text,
  exit_code integer,
  started_at timestamptz,
  ended_at timestamptz,
  begun integer not null default 0,
  cache text,
  tests jsonb,
  failed_tests jsonb not null default '[]',
  address text,
  external_id text,
  primary key (run_id, name)
);

create table delivery.pipeline_artefact (
  run_id text not null references delivery.pipeline_run (id) on delete cascade,
  path text not null,
  step text not null,
  bytes bigint not null,
  digest text not null,
  primary key (run_id, path)
);

-- What a file holds is known by its digest, so that one that was changed by somebody else is not used.
create table delivery.pipeline_cache (
  repository text not null,
  branch text not null,
  key text not null,
  digest text not null,
  bytes bigint not null,
  used_at timestamptz not null,
  primary key (repository, branch, key)
);

create table delivery.pipeline_secret (
  repository text not null,
  name text not null,
  sealed bytea not null,
  set_by text not null,
  set_at timestamptz not null,
  primary key (repository, name)
);

-- The run that a deployment waits for, or waited for.
alter table delivery.deployment add column pipeline_run text;
