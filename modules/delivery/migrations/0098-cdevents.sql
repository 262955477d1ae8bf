-- What others tell in CDEvents' words, and who is told of what happens here.

create table delivery.cdevent (
  id text primary key,
  event_id text not null,
  source text not null,
  type text not null,
  subject text not null,
  known boolean not null,
  entity_ref text,
  environment text,
  at timestamptz not null,
  received_at timestamptz not null,
  received_from text not null,
  event jsonb not null,
  unique (source, event_id)
);
create index cdevent_by_entity on delivery.cdevent (entity_ref, id desc) where entity_ref is not null;
create index cdevent_by_time on delivery.cdevent (at);

create table delivery.sink (
  id text primary key,
  title text not null,
  -- What may be shown; the whole address is a secret.
  target text not null,
  sealed bytea not null,
  mode text not null check (mode in ('binary', 'structured')),
  types text[] not null,
  made_by text not null,
  made_at timestamptz not null,
  last_sent_at timestamptz,
  last_error text
);

-- One row per event and sink until it is sent or given up; whoever takes it holds its row's lock.
create table delivery.sending (
  sink_id text not null references delivery.sink on delete cascade,
  event_id text not null,
  event jsonb not null,
  attempts integer not null default 0,
  due_at timestamptz not null,
  primary key (sink_id, event_id)
);
create index sending_due on delivery.sending (due_at);
