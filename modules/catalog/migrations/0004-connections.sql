-- Sources with a life of their own: connectors, schedules, runs that wait for a decision, objects that could not be read.

alter table catalog.source
  drop constraint source_kind_check,
  add constraint source_kind_check check (kind in ('folder', 'git', 'repository', 'inline', 'connector')),
  drop constraint source_state_check,
  add constraint source_state_check check (state in ('never', 'ok', 'partial', 'failed', 'held')),
  -- Which connector reads it; null for files and calls.
  add column connector text,
  -- What was filled in, without what is secret.
  add column settings jsonb not null default '{}',
  -- What is secret of it, the credentials of a Git address among them, sealed with the server's key.
  add column secrets bytea,
  -- The webhook's own secret, sealed likewise.
  add column hook_secret bytea,
  -- Null: the usual interval of its kind.
  add column every_minutes integer check (every_minutes between 1 and 44640),
  add column next_run_at timestamptz,
  add column paused_at timestamptz,
  add column paused_reason text,
  -- A run that would remove more per cent than this waits for a person.
  add column threshold_percent integer not null default 20 check (threshold_percent between 0 and 100),
  -- What the connector left at the end of its last whole reading: ETags, cursors.
  add column memory jsonb not null default '{}',
  -- Calls that the system still allows: remaining, limit, resetAt.
  add column budget jsonb,
  -- Runs that failed one after the other: each doubles the wait for the next.
  add column failures integer not null default 0;
create index on catalog.source (next_run_at) where next_run_at is not null;

alter table catalog.source drop constraint source_kind_target_branch_key;
alter table catalog.source add constraint source_is_unique unique nulls not distinct (kind, target, branch, connector);

alter table catalog.source_sync
  -- asked, schedule, watch, webhook, approve, undo
  add column cause text not null default 'asked',
  add column state text not null default 'ok' check (state in ('ok', 'partial', 'failed', 'held', 'undone')),
  add column actor text not null default 'unknown',
  -- For a run that took back another one: which. For one that was taken back: by which.
  add column undoes bigint,
  add column undone_by bigint,
  -- In words, e.g. what an undo had to leave as it is.
  add column note text;
update catalog.source_sync set state = 'failed' where error is not null;

-- A run that would have removed too much. It has changed nothing and asks: exactly this, or not.
create table catalog.source_hold (
  source_id text primary key references catalog.source on delete cascade,
  sync_id bigint not null,
  at timestamptz not null,
  -- Of all that the run would write: the same again is the same question.
  digest text not null,
  reason text not null,
  -- Entities the source has now.
  owned integer not null,
  added integer not null,
  changed integer not null,
  removed integer not null,
  samples jsonb not null
);

-- What could not be read, or is kept though its source names it no more, with its last good state.
create table catalog.quarantine (
  source_id text not null references catalog.source on delete cascade,
  -- The entity's reference where it is known, else where the object is.
  object text not null,
  ref text,
  location text not null,
  reason text not null,
  mend text,
  -- failed: its descriptor is wrong. kept: somebody decided that it stays.
  why text not null check (why in ('failed', 'kept')),
  since timestamptz not null,
  -- Not shown until the reason is another one.
  dismissed_at timestamptz,
  primary key (source_id, object)
);

-- When a system last said something of an entity by a message: older messages and readings that began before are passed over.
create table catalog.source_said (
  source_id text not null references catalog.source on delete cascade,
  ref text not null,
  -- When it happened, by the system's clock: messages are compared with each other by it.
  at timestamptz not null,
  -- When it came, by ours: a reading that began before knows less.
  received_at timestamptz not null,
  primary key (source_id, ref)
);

-- Deliveries of webhooks that were taken; the same one again is answered and does nothing.
create table catalog.source_delivery (
  source_id text not null references catalog.source on delete cascade,
  delivery_id text not null,
  at timestamptz not null,
  primary key (source_id, delivery_id)
);

-- The last raw answers and messages of a source, what is secret taken out: on them a mapping is made and tested.
create table catalog.source_sample (
  id bigint generated always as identity primary key,
  source_id text not null references catalog.source on delete cascade,
  at timestamptz not null,
  origin text not null check (origin in ('page', 'webhook')),
  body jsonb not null
);
create index on catalog.source_sample (source_id, id);

-- Hosts in private networks that an administrator lets connectors talk to.
create table catalog.allowed_host (
  host text primary key,
  actor text not null,
  reason text,
  at timestamptz not null
);
