-- What traces tell of who works with whom, by the names of telemetry. Whose names these are is known to each process from the
-- entities, so that a renamed annotation takes effect at once and nothing has to be written anew.

-- One row. Counts up with every change of the tables below, so that a process knows when to read them again.
create table catalog.observed_clock (
  only_row boolean primary key default true check (only_row),
  version bigint not null,
  -- The oldest hour of which traces were ever counted: before it, nobody was watching.
  watched_from timestamptz,
  folded_at timestamptz
);
insert into catalog.observed_clock (version) values (0);

-- How many spans an hour held when it was counted: another number now means that something arrived late.
create table catalog.observed_counted (
  hour timestamptz primary key,
  spans bigint not null
);

create table catalog.observed_relation (
  id bigint generated always as identity primary key,
  from_name text not null,
  to_name text not null,
  type text not null check (type in ('calls', 'sends', 'uses')),
  -- Other names of the same end, best first.
  to_names text[] not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  trace_id text not null,
  sample boolean not null,
  -- Over the last 24 hours; the quantile is that of the newest hour with calls, since quantiles cannot be averaged.
  calls bigint not null default 0,
  errors bigint not null default 0,
  p95_ms double precision,
  unique (from_name, to_name, type)
);
create index on catalog.observed_relation (last_seen);

create table catalog.observed_hour (
  relation_id bigint not null references catalog.observed_relation on delete cascade,
  hour timestamptz not null,
  calls bigint not null,
  errors bigint not null,
  p95_ms double precision,
  primary key (hour, relation_id)
);

create table catalog.observed_service (
  name text primary key,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  sample boolean not null
);

-- What people said about names that the entities do not know. Without a reference: it is nobody's of ours.
create table catalog.observed_name (
  name text primary key,
  ref text,
  actor text not null,
  at timestamptz not null
);

create table catalog.drift_dismissal (
  finding text not null check (finding in ('unseen', 'undeclared')),
  from_ref text not null,
  to_ref text not null,
  type text not null,
  reason text not null,
  actor text not null,
  at timestamptz not null,
  until timestamptz not null,
  primary key (finding, from_ref, to_ref, type)
);
