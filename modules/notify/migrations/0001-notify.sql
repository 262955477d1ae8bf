create schema notify;

create table notify.watch (
  user_id text not null,
  ref text not null,
  weight text not null check (weight in ('info', 'important', 'urgent')),
  since timestamptz not null,
  primary key (user_id, ref)
);
create index on notify.watch (ref);

create table notify.notice (
  id bigint generated always as identity primary key,
  user_id text not null,
  -- What it is made of: the same event tells the same person once, however often it is delivered.
  event_id text not null,
  at timestamptz not null,
  weight text not null check (weight in ('info', 'important', 'urgent')),
  ref text,
  title text not null,
  detail text,
  link text not null,
  because text not null check (because in ('follow', 'own', 'depend')),
  read_at timestamptz,
  unique (user_id, event_id)
);
create index on notify.notice (user_id, id);
create index on notify.notice (user_id) where read_at is null;

create table notify.channel (
  id text primary key,
  user_id text not null,
  kind text not null check (kind in ('email', 'webhook', 'slack')),
  -- What may be shown; the whole address of a webhook is a secret and sealed.
  target text not null,
  sealed bytea not null,
  weight text not null check (weight in ('info', 'important', 'urgent')),
  enabled boolean not null,
  last_sent_at timestamptz,
  last_error text,
  created_at timestamptz not null
);
create index on notify.channel (user_id);

-- One row per notice and channel until it is sent or given up; whoever takes it holds its row's lock.
create table notify.sending (
  channel_id text not null references notify.channel on delete cascade,
  notice_id bigint not null references notify.notice on delete cascade,
  attempts integer not null default 0,
  due_at timestamptz not null,
  primary key (channel_id, notice_id)
);
create index on notify.sending (due_at);

create table notify.announcement (
  id text primary key,
  ref text not null,
  title text not null,
  body text not null,
  weight text not null check (weight in ('info', 'important', 'urgent')),
  by text not null,
  at timestamptz not null,
  withdrawn_at timestamptz
);
create index on notify.announcement (at);
create index on notify.announcement (ref);

-- Who depended on it when it was announced: they were told, whatever changes afterwards.
create table notify.dependant (
  announcement_id text not null references notify.announcement on delete cascade,
  ref text not null,
  owner text,
  acknowledged_by text,
  acknowledged_at timestamptz,
  note text,
  primary key (announcement_id, ref)
);

create table notify.view (
  id text primary key,
  user_id text not null,
  by_name text not null,
  page text not null,
  name text not null,
  search jsonb not null,
  shared boolean not null,
  saved_at timestamptz not null,
  unique (user_id, page, name)
);
