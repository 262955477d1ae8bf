-- One reading of repositories. Whoever works at it holds the lease; when that runs out another process goes on where it ended.
create table catalog.discovery (
  id text primary key,
  kind text not null check (kind in ('folder', 'source', 'all')),
  target text not null,
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed')),
  total integer not null default 0,
  done integer not null default 0,
  unchanged integer not null default 0,
  current text,
  proposals json,
  error text,
  notes json not null default '[]',
  actor text not null,
  requested_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  lease_owner text,
  lease_until timestamptz
);
create index on catalog.discovery (requested_at desc, id);
-- The same thing is not read twice at a time: who asks meanwhile is told of the reading that is under way.
create unique index on catalog.discovery (kind, target) where status in ('queued', 'running');

-- What a repository said at its last reading. Proposals are made from all of these together.
create table catalog.discovery_repository (
  key text primary key,
  -- The folder or the source that was read, and where in it.
  root text not null,
  path text not null,
  name text not null,
  url text,
  folder_group text not null,
  fingerprint text not null,
  findings json not null,
  authors json not null,
  notes json not null,
  -- Of the program that read it: a newer one reads again.
  version integer not null,
  discovery_id text not null,
  read_at timestamptz not null
);
create index on catalog.discovery_repository (root);

create table catalog.proposal (
  -- Made from the key: the same thing has the same id after every reading, in every process.
  id text primary key,
  key text not null unique,
  action text not null check (action in ('create', 'complete')),
  state text not null default 'open' check (state in ('open', 'accepted', 'refused')),
  kind text not null,
  ref text not null,
  confidence double precision not null,
  owner text,
  repository text not null,
  dir text not null,
  reason text not null,
  draft json not null,
  draft_hash text not null,
  edits json not null default '{}',
  -- What was known when it was decided: more of it is reason to ask again.
  decided_on text[] not null default '{}',
  changes json not null default '[]',
  accepted_ref text,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index on catalog.proposal (state, confidence desc, id);
create index on catalog.proposal (ref);

create table catalog.login (
  login text primary key,
  name text,
  state text not null check (state in ('open', 'proposed', 'accepted', 'refused')),
  user_ref text,
  confidence double precision not null,
  reason text not null,
  candidates json not null,
  seen_in text[] not null,
  -- Users that it was said not to be.
  refused text[] not null default '{}',
  decided_by text,
  decided_at timestamptz,
  updated_at timestamptz not null
);
create index on catalog.login (state, login);
