-- What deliveries are measured by, as it was told: by this platform's own events, by CDEvents, or by whoever brings it. No person is in it:
-- the smallest unit is a component, and who owns it is asked of the catalogue.

create schema if not exists product;

create table product.deployment (
  id text primary key,
  source text not null,
  key text not null,
  entity_ref text not null,
  environment text not null,
  commit text,
  -- Commits that are in it and were not in the one before; null: nobody said.
  carries text[],
  started_at timestamptz,
  -- Null while it is under way, or while only something else of it was told.
  finished_at timestamptz,
  result text check (result in ('success', 'failure', 'rolled-back')),
  rework boolean,
  rollback boolean,
  sample boolean not null default false,
  told_at timestamptz not null,
  unique (source, key)
);
create index deployment_by_time on product.deployment (finished_at);
create index deployment_by_entity on product.deployment (entity_ref, finished_at);

create table product.change (
  id text primary key,
  source text not null,
  key text not null,
  entity_ref text not null,
  commit text,
  first_commit_at timestamptz,
  opened_at timestamptz,
  first_review_at timestamptz,
  merged_at timestamptz,
  bot boolean not null default false,
  sample boolean not null default false,
  told_at timestamptz not null,
  unique (source, key)
);
create index change_by_time on product.change (merged_at);
create index change_by_entity on product.change (entity_ref, merged_at);

create table product.incident (
  id text primary key,
  source text not null,
  key text not null,
  -- Null: nobody knows what it is about.
  entity_ref text,
  title text,
  opened_at timestamptz,
  resolved_at timestamptz,
  user_facing boolean not null default true,
  caused_by text,
  sample boolean not null default false,
  told_at timestamptz not null,
  unique (source, key)
);
create index incident_by_time on product.incident (opened_at);
create index incident_by_entity on product.incident (entity_ref, opened_at);

-- What somebody decided of a measure otherwise than it came; version 1 is what comes with Roadbed.
create table product.measure_version (
  measure text not null,
  version integer not null check (version > 1),
  owner text not null,
  rules jsonb not null,
  why text not null,
  made_by text not null,
  made_at timestamptz not null,
  primary key (measure, version)
);
