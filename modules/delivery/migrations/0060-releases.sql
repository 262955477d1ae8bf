-- Releases: what travels together, immutable.

create table delivery.release (
  id text primary key,
  entity_ref text not null,
  number integer not null,
  title text not null,
  parts jsonb not null,
  -- Of the component's own repository; both null for a release without code.
  repository text,
  commit text,
  author text,
  made_by text not null,
  how text not null check (how in ('push', 'hand', 'git')),
  irreversible text,
  digest text not null,
  -- The files by which it is deployed, as they were at its commit: path to text.
  config jsonb not null,
  created_at timestamptz not null,
  unique (entity_ref, number)
);
-- The same parts are the same release.
create unique index release_once on delivery.release (entity_ref, digest);
create index release_by_commit on delivery.release (entity_ref, commit);
create index release_by_time on delivery.release (id desc);
