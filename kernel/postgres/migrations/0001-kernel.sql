-- What every module stands on: events (the outbox), the audit log, idempotency keys, and who has heard what.

create schema if not exists kernel;

-- One row that everything appended passes through. Its lock makes `seq` grow in commit order.
create table kernel.head (
  one boolean primary key default true check (one),
  event_seq bigint not null default 0,
  audit_seq bigint not null default 0,
  audit_hash bytea not null default decode(repeat('00', 32), 'hex')
);
insert into kernel.head default values;

create table kernel.event (
  seq bigint primary key,
  id uuid not null unique,
  name text not null,
  subject text not null,
  time timestamptz not null,
  actor text not null,
  payload jsonb not null
);
create index event_by_name on kernel.event (name, seq);
create index event_by_subject on kernel.event (subject, seq);

create table kernel.audit (
  seq bigint primary key,
  at timestamptz not null,
  actor text not null,
  face text not null,
  operation text not null,
  resource text,
  reason text,
  outcome text not null check (outcome in ('done', 'denied', 'failed')),
  input_digest text not null,
  output_digest text,
  request_id text not null,
  previous_hash bytea not null,
  hash bytea not null
);
create index audit_by_actor on kernel.audit (actor, seq desc);
create index audit_by_operation on kernel.audit (operation, seq desc);
create index audit_by_resource on kernel.audit (resource, seq desc);

-- The answer is sealed with a key made from the caller's own idempotency key, which is not stored:
-- an answer may hold a secret that was to be shown once.
create table kernel.idempotency (
  key_hash bytea primary key,
  operation text not null,
  input_digest text not null,
  sealed_answer bytea not null,
  created_at timestamptz not null
);
create index idempotency_by_age on kernel.idempotency (created_at);

create table kernel.subscription (
  name text primary key,
  events text[] not null,
  position bigint not null default 0,
  attempt integer not null default 0,
  next_try_at timestamptz not null default '-infinity',
  last_error text
);

create table kernel.dead_letter (
  subscription text not null,
  event_seq bigint not null,
  event_id uuid not null,
  error text not null,
  at timestamptz not null,
  primary key (subscription, event_id)
);

-- A field of the hash: its length in bytes and its text, so that no two rows can read the same; null is '-'.
create function kernel.hash_field(value text) returns text language sql immutable parallel safe as
  $$ select case when value is null then '-' else octet_length(convert_to(value, 'UTF8'))::text || ':' || value end $$;

-- Appends at most one audit row and any number of events, in one short stay under the head's lock.
-- Called last in a transaction. Answers the seq of the last event, or null when there was none.
create function kernel.append(entry jsonb, events jsonb, at timestamptz) returns bigint language plpgsql as $$
declare
  last kernel.head;
  next_hash bytea;
  appended integer := jsonb_array_length(events);
begin
  select * into last from kernel.head for update;
  if entry is not null then
    next_hash := sha256(last.audit_hash || convert_to(concat(
      kernel.hash_field((last.audit_seq + 1)::text),
      kernel.hash_field(trunc(extract(epoch from at) * 1000000)::bigint::text),
      kernel.hash_field(entry->>'actor'), kernel.hash_field(entry->>'face'), kernel.hash_field(entry->>'operation'),
      kernel.hash_field(entry->>'resource'), kernel.hash_field(entry->>'reason'), kernel.hash_field(entry->>'outcome'),
      kernel.hash_field(entry->>'inputDigest'), kernel.hash_field(entry->>'outputDigest'), kernel.hash_field(entry->>'requestId')
    ), 'UTF8'));
    insert into kernel.audit values (last.audit_seq + 1, at, entry->>'actor', entry->>'face', entry->>'operation', entry->>'resource',
      entry->>'reason', entry->>'outcome', entry->>'inputDigest', entry->>'outputDigest', entry->>'requestId', last.audit_hash, next_hash);
  end if;
  insert into kernel.event (seq, id, name, subject, time, actor, payload)
    select last.event_seq + e.ordinality, (e.value->>'id')::uuid, e.value->>'name', e.value->>'subject', at, e.value->>'actor', e.value->'payload'
    from jsonb_array_elements(events) with ordinality e;
  update kernel.head set
    event_seq = last.event_seq + appended,
    audit_seq = last.audit_seq + (entry is not null)::int,
    audit_hash = coalesce(next_hash, last.audit_hash);
  if appended > 0 then
    perform pg_notify('roadbed_event', (last.event_seq + appended)::text);
    return last.event_seq + appended;
  end if;
  return null;
end $$;

create function kernel.refuse_change() returns trigger language plpgsql as
  $$ begin raise exception '% is append-only', tg_table_schema || '.' || tg_table_name using errcode = 'insufficient_privilege'; end $$;
create trigger audit_is_append_only before update or delete or truncate on kernel.audit
  for each statement execute function kernel.refuse_change();
create trigger event_is_append_only before update or truncate on kernel.event
  for each statement execute function kernel.refuse_change();
