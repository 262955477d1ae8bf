-- What is provisioned by type and class. `generation` counts what was asked of it; a workflow does each in turn.
create table paths.resource (
  id text primary key,
  type text not null,
  class text not null,
  name text not null,
  environment text not null,
  entity_ref text not null,
  owner text not null,
  consumer text,
  prefix text,
  params jsonb not null default '{}',
  provisioner text not null,
  -- As they were when it was asked for: a class that changes meanwhile changes nothing that is there.
  inputs jsonb not null default '{}',
  files_digest text,
  cost jsonb,
  state text not null check (state in ('requested', 'applying', 'ready', 'failed', 'destroying', 'destroyed')),
  act text not null default 'apply' check (act in ('apply', 'destroy')),
  generation integer not null default 1,
  error text,
  facts jsonb not null default '{}',
  -- Passwords and the like, sealed; only ever given to the consumer's workload and, asked for, to its owner.
  sealed bytea,
  -- The plan that policies saw, sealed: what is applied is this one.
  plan bytea,
  read_at timestamptz,
  seen text check (seen in ('present', 'gone', 'unknown')),
  seen_words text,
  drift jsonb not null default '[]',
  decision_id text,
  -- Whose request it is: the same key again is the same request.
  key text,
  run_id text,
  actor text not null,
  actor_detail jsonb not null,
  created_at timestamptz not null,
  changed_at timestamptz not null
);
create unique index resource_place on paths.resource (name, environment) where state <> 'destroyed';
create unique index resource_key on paths.resource (key) where key is not null;
create index resource_by_consumer on paths.resource (consumer) where consumer is not null;
create index resource_by_entity on paths.resource (entity_ref);
create index resource_by_run on paths.resource (run_id) where run_id is not null;

create table paths.resource_history (
  resource_id text not null references paths.resource (id) on delete cascade,
  n bigint generated always as identity,
  at timestamptz not null,
  actor text not null,
  words text not null,
  failed boolean not null default false,
  primary key (resource_id, n)
);

-- Classes that somebody saved here; the shipped ones are files.
create table paths.resource_class (
  type text not null,
  class text not null,
  yaml text not null,
  -- Path -> base64, e.g. of a Terraform module.
  files jsonb not null default '{}',
  actor text not null,
  at timestamptz not null,
  primary key (type, class)
);
-- Files of the classes as they were when something was made of them, by the hash of all of them.
create table paths.resource_files (
  digest text primary key,
  files jsonb not null
);
