-- What people may write on `main` of the repository of what runs where, and what came of it.

-- Each file as it stands there: what the platform wrote, or what it took of somebody.
create table delivery.source_file (
  path text primary key,
  environment text not null,
  -- Null: the file describes the environment itself.
  entity_ref text,
  -- Of what the file says; another one here means that it is to be written anew.
  stamp text not null,
  blob text not null,
  -- Somebody wrote it: what they said beside the values stays.
  by_hand boolean not null default false,
  -- Asked for by this file and not decided yet: until then it stands as they wrote it.
  promotion_id text
);
create unique index source_file_by_place on delivery.source_file (entity_ref, environment);

create table delivery.source_edit (
  id text primary key,
  path text not null,
  commit text not null,
  message text not null,
  author text not null,
  pushed_by text not null,
  state text not null check (state in ('taken', 'refused')),
  -- What came of it, in a sentence.
  outcome text not null,
  problems jsonb not null default '[]',
  entity_ref text,
  environment text,
  promotion_id text,
  at timestamptz not null
);

-- What somebody wants a component to have in an environment beside its release. It stays with later releases.
alter table delivery.promotion add column intent jsonb;
alter table delivery.accepted add column intent jsonb;
