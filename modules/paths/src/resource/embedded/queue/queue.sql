-- One queue: a table and the functions by which its role uses it. Run again it changes nothing but the functions.
create schema if not exists queue;

create table if not exists queue.message (
  id bigint generated always as identity primary key,
  body jsonb not null,
  sent_at timestamptz not null default clock_timestamp(),
  -- When it is given out next; a message that somebody works on is not to be seen until then.
  visible_at timestamptz not null,
  -- Whoever has this may acknowledge it: a new one each time it is given out.
  receipt uuid,
  attempts integer not null default 0,
  -- It was given out too often without being acknowledged.
  dead boolean not null default false,
  -- The same key again is the same message, as long as that is there.
  key text unique
);
create index if not exists message_next on queue.message (visible_at, id) where not dead;
create index if not exists message_dead on queue.message (id) where dead;

-- How many there are, in parts, so that senders do not wait for each other.
create table if not exists queue.tally (part integer primary key, n bigint not null) with (fillfactor = 50);
insert into queue.tally (part, n) select part, 0 from generate_series(0, 63) as part on conflict do nothing;

create table if not exists queue.rules (
  one boolean primary key default true check (one),
  most_messages bigint not null,
  visibility_seconds integer not null,
  most_attempts integer not null
);

create or replace function queue.count_up(by bigint) returns void language sql set search_path = '' as $$
  update queue.tally set n = n + by where part = pg_catalog.pg_backend_pid() % 64
$$;

create or replace function queue.send(body jsonb, delay_seconds integer default 0, key text default null) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  made bigint;
  most bigint := (select most_messages from queue.rules);
begin
  if pg_catalog.octet_length(body::text) > 262144 then
    raise exception 'The message is larger than 256 kB.' using errcode = '54000', hint = 'Put what is large into a bucket, and send where it is.';
  end if;
  if delay_seconds < 0 or delay_seconds > 1209600 then
    raise exception 'delay_seconds must be from 0 to 1209600 (14 days).' using errcode = '22023';
  end if;
  select m.id into made from queue.message m where m.key = send.key;
  if found then return made; end if;
  if (select pg_catalog.sum(n) from queue.tally) >= most then
    raise exception 'The queue is full: % messages.', most using errcode = '53400', hint = 'Have them received, or ask for a larger class.';
  end if;
  insert into queue.message as m (body, visible_at, key)
    values (send.body, pg_catalog.clock_timestamp() + delay_seconds * interval '1 second', send.key)
    on conflict on constraint message_key_key do nothing returning m.id into made;
  if made is null then
    select m.id into made from queue.message m where m.key = send.key;
    return made;
  end if;
  perform queue.count_up(1);
  perform pg_catalog.pg_notify('queue', '');
  return made;
end $$;

create or replace function queue.receive(most integer default 1, visibility_seconds integer default null)
returns table (id bigint, receipt uuid, body jsonb, attempts integer, sent_at timestamptz)
language plpgsql security definer set search_path = '' as $$
declare
  rules queue.rules := (select r from queue.rules r);
begin
  if most < 1 or most > 100 then
    raise exception 'receive gives from 1 to 100 messages at once.' using errcode = '22023';
  end if;
  -- Who died with it too often is set aside, so that one bad message does not hold up the rest.
  update queue.message m set dead = true, receipt = null
    where m.id in (select d.id from queue.message d where not d.dead and d.visible_at <= pg_catalog.clock_timestamp()
      and d.attempts >= rules.most_attempts order by d.visible_at, d.id limit 100 for update skip locked);
  return query
    update queue.message m set receipt = pg_catalog.gen_random_uuid(), attempts = m.attempts + 1,
      visible_at = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => coalesce(receive.visibility_seconds, rules.visibility_seconds))
    where m.id in (select n.id from queue.message n where not n.dead and n.visible_at <= pg_catalog.clock_timestamp()
      and n.attempts < rules.most_attempts order by n.visible_at, n.id limit most for update skip locked)
    returning m.id, m.receipt, m.body, m.attempts, m.sent_at;
end $$;

-- False where it was given to somebody else meanwhile.
create or replace function queue.ack(id bigint, receipt uuid) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from queue.message m where m.id = ack.id and m.receipt = ack.receipt;
  if not found then return false; end if;
  perform queue.count_up(-1);
  return true;
end $$;

-- Not to be seen for so many seconds from now; 0 gives it back at once.
create or replace function queue.visibility(id bigint, receipt uuid, seconds integer) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  if seconds < 0 or seconds > 43200 then
    raise exception 'seconds must be from 0 to 43200 (12 hours).' using errcode = '22023';
  end if;
  update queue.message m set visible_at = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => seconds)
    where m.id = visibility.id and m.receipt = visibility.receipt and not m.dead;
  return found;
end $$;

create or replace function queue.stats(out waiting bigint, out delayed bigint, out in_work bigint, out dead bigint, out oldest_seconds integer)
language sql security definer stable set search_path = '' as $$
  select pg_catalog.count(*) filter (where not m.dead and m.visible_at <= pg_catalog.clock_timestamp()),
    pg_catalog.count(*) filter (where not m.dead and m.visible_at > pg_catalog.clock_timestamp() and m.attempts = 0),
    pg_catalog.count(*) filter (where not m.dead and m.visible_at > pg_catalog.clock_timestamp() and m.attempts > 0),
    pg_catalog.count(*) filter (where m.dead),
    coalesce(extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.min(m.sent_at) filter (where not m.dead)), 0)::integer
  from queue.message m
$$;

-- What was set aside is given out again; how many.
create or replace function queue.redrive() returns integer
language plpgsql security definer set search_path = '' as $$
declare
  n integer;
begin
  update queue.message m set dead = false, attempts = 0, visible_at = pg_catalog.clock_timestamp() where m.dead;
  get diagnostics n = row_count;
  return n;
end $$;

revoke all on schema queue, public from public;
revoke all on all tables in schema queue from public;
revoke all on all functions in schema queue from public;
