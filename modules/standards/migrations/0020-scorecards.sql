-- Scorecards, how every entity stands in them, and how it stood before.

create table standards.scorecard (
  name text primary key,
  version integer not null,
  document json not null,
  rubric boolean not null,
  -- Digest of the shipped file that this version is; null once a person changed it.
  shipped text,
  changed_at timestamptz not null,
  changed_by text not null,
  -- A shipped one that was removed does not come back by itself.
  removed_at timestamptz
);
-- There is one rubric.
create unique index scorecard_rubric on standards.scorecard (rubric) where rubric and removed_at is null;

create table standards.scorecard_version (
  name text not null,
  version integer not null,
  document json not null,
  at timestamptz not null,
  actor text not null,
  reason text,
  primary key (name, version)
);

-- One row. Whoever computes results holds its lock: one process at a time, and what it computed commits with the place that it came to.
create table standards.scorecard_state (
  only_row boolean primary key default true check (only_row),
  -- Of the results: counted up with every transaction that writes some, so that "all after N" is one question.
  change bigint not null default 0,
  -- Counted up with every scorecard that is saved or removed.
  definitions bigint not null default 0,
  -- Where the changes of the catalogue have been taken into account to.
  place_change bigint not null default 0,
  place_ref text not null default '',
  -- While everything is looked at anew: the last entity that was, and why. Null: nothing has to be.
  sweep_after text default '',
  sweep_cause text not null default 'scorecard',
  swept_at timestamptz not null default now(),
  -- Signs the addresses of badges, in every process alike.
  badge_key bytea not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
);
insert into standards.scorecard_state default values;

-- Entities to be looked at because of something that the catalogue's own changes do not tell.
create table standards.scorecard_due (
  ref text primary key,
  cause text not null,
  at timestamptz not null default now()
);

create table standards.scorecard_result (
  scorecard text not null,
  ref text not null,
  change bigint not null,
  version integer not null,
  -- Levels that are reached; null where no rule that counts is about it.
  rank smallint,
  -- One letter per rule of that version, in its order: pass, fail, unknown, waived, not applicable. Null: it is not looked at any more.
  codes text collate "C",
  -- By rule: why it is unknown, or what it said when it failed.
  notes json,
  first_at timestamptz not null,
  since timestamptz not null,
  primary key (scorecard, ref)
);
create index on standards.scorecard_result (change);

create table standards.scorecard_history (
  id bigint generated always as identity primary key,
  scorecard text not null,
  ref text not null,
  at timestamptz not null,
  version integer not null,
  before_rank smallint,
  after_rank smallint,
  before_level text,
  after_level text,
  -- [{rule, before, after}] in letters; null where there was no result.
  changes json not null,
  cause text not null check (cause in ('entity', 'scorecard', 'time')),
  -- True for the row that says that it is not looked at any more.
  gone boolean not null default false
);
create index on standards.scorecard_history (scorecard, at desc, id desc);
create index on standards.scorecard_history (ref, scorecard, id desc);
