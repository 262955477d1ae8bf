-- Repositories of the Git host, environments, deployments, and what runs where.

create schema if not exists delivery;

create table delivery.environment (
  name text primary key,
  title text not null,
  runtime text not null check (runtime in ('local')),
  created_at timestamptz not null default now()
);
insert into delivery.environment (name, title, runtime) values ('dev', 'Development', 'local');

create table delivery.repository (
  name text primary key,
  description text not null,
  default_branch text not null,
  -- The component whose code this is.
  entity_ref text not null,
  -- Who made it; the same key again is a repeat, not a conflict.
  made_by text not null,
  -- The newest commit of the default branch that was announced.
  head text,
  created_at timestamptz not null
);
create index repository_by_entity on delivery.repository (entity_ref);

create table delivery.deployment (
  id text primary key,
  entity_ref text not null,
  environment text not null references delivery.environment (name),
  repository text not null,
  commit text not null,
  message text not null,
  author text not null,
  status text not null check (status in ('queued', 'building', 'starting', 'healthy', 'failed', 'superseded')),
  error text,
  created_at timestamptz not null,
  ended_at timestamptz
);
create index deployment_by_entity on delivery.deployment (entity_ref, environment, id desc);

create table delivery.workload (
  entity_ref text not null,
  environment text not null references delivery.environment (name),
  -- How the router and the folders call it.
  name text not null,
  kind text not null check (kind in ('service', 'worker', 'site')),
  desired text not null check (desired in ('running', 'stopped')),
  health text not null,
  detail text,
  -- What runs, and how: null until a deployment was healthy.
  commit text,
  deployment_id text,
  manifest jsonb,
  restarts integer not null default 0,
  pid integer,
  started_at timestamptz,
  primary key (entity_ref, environment),
  unique (environment, name)
);
