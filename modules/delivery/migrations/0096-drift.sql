-- Where what runs is not what Git says, what was done about it, and what of it was taken into Git.

alter table delivery.environment add column drift text not null default 'tell' check (drift in ('tell', 'heal', 'ask'));

create table delivery.drift (
  id text primary key,
  entity_ref text not null,
  environment text not null references delivery.environment (name),
  -- What runs, or the branch of the environment that somebody else wrote to.
  kind text not null check (kind in ('workload', 'branch')),
  state text not null check (state in ('open', 'healing', 'healed', 'accepted', 'gone')),
  differences jsonb not null,
  -- How often the platform tried to put it right by itself, and when last.
  attempts integer not null default 0,
  tried_at timestamptz,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  ended_at timestamptz,
  ended_by text,
  why text
);
create unique index drift_open on delivery.drift (entity_ref, environment) where kind = 'workload' and ended_at is null;
create index drift_by_entity on delivery.drift (entity_ref, environment, id desc);

-- What somebody took into Git as it runs: it counts as long as the environment has that release.
create table delivery.accepted (
  entity_ref text not null,
  environment text not null,
  release_id text not null references delivery.release (id) on delete cascade,
  changes jsonb not null,
  accepted_by text not null,
  why text not null,
  at timestamptz not null,
  primary key (entity_ref, environment)
);
-- Why an environment's folder of a component is to be written anew though its release is the same.
alter table delivery.desired add column rewrite jsonb;
