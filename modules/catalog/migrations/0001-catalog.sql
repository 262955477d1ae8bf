create schema catalog;

-- One row. Whoever changes entities or documentation counts it up first: the row's lock lets one writer in at a time, so that
-- numbers are committed in their order and a reader who has seen N has seen everything up to N.
create table catalog.clock (
  only_row boolean primary key default true check (only_row),
  change bigint not null
);
insert into catalog.clock (change) values (0);

create table catalog.source (
  id text primary key,
  name text not null,
  kind text not null check (kind in ('folder', 'git', 'repository', 'inline')),
  -- Folder, address or repository name; never with credentials.
  target text not null,
  branch text,
  watch boolean not null,
  sample boolean not null default false,
  state text not null default 'never' check (state in ('never', 'ok', 'partial', 'failed')),
  last_sync_at timestamptz,
  last_error text,
  counts jsonb,
  problems integer not null default 0,
  -- Of the files as they were read last; the same again means that nothing has to be read.
  fingerprint text,
  created_at timestamptz not null,
  unique nulls not distinct (kind, target, branch)
);

create table catalog.source_sync (
  id bigint generated always as identity primary key,
  source_id text not null references catalog.source on delete cascade,
  at timestamptz not null,
  duration_ms double precision not null,
  counts jsonb not null,
  error text
);
create index on catalog.source_sync (source_id, id);

create table catalog.source_problem (
  source_id text not null references catalog.source on delete cascade,
  position integer not null,
  file text not null,
  line integer,
  at text not null,
  reason text not null,
  mend text,
  ref text,
  primary key (source_id, position)
);

-- Relations and the search index are derived from `document` in every process and never stored: they cannot disagree with it.
create table catalog.entity (
  ref text primary key,
  uid uuid not null default gen_random_uuid(),
  source_id text not null references catalog.source,
  -- `json`, not `jsonb`: it is read whole, and text may hold what `jsonb` refuses.
  document json not null,
  hash text not null,
  location text not null,
  line integer,
  docs_root text,
  -- True while its descriptor cannot be read: then this is the last good state of it.
  orphan boolean not null default false,
  observed_at timestamptz not null,
  change bigint not null
);
create index on catalog.entity (change);
create index on catalog.entity (source_id);

create table catalog.removed_entity (
  ref text primary key,
  change bigint not null
);
create index on catalog.removed_entity (change);

create table catalog.history (
  id bigint generated always as identity primary key,
  ref text not null,
  at timestamptz not null,
  change text not null check (change in ('registered', 'changed', 'removed')),
  fields json not null,
  source text not null,
  -- What it was before; null for `registered`.
  before json
);
create index on catalog.history (ref, id);

create table catalog.doc_root (
  source_id text not null references catalog.source on delete cascade,
  root text not null,
  hash text not null,
  observed_at timestamptz not null,
  change bigint not null,
  primary key (source_id, root)
);
create index on catalog.doc_root (change);

create table catalog.doc_page (
  source_id text not null,
  root text not null,
  position integer not null,
  path text not null,
  title text not null,
  markdown text not null,
  primary key (source_id, root, path),
  foreign key (source_id, root) references catalog.doc_root on delete cascade
);
