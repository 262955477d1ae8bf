-- What is said of entities besides what their defining source says, by whom, and how far it is to be trusted.

-- `document` is what all of it comes to. Where that is not the defining source's own document, `base` is.
alter table catalog.entity
  add column base json,
  add column base_hash text;

-- What a source says of an entity that it does not define: a whole description that came second, or parts that a connector adds.
create table catalog.claim (
  source_id text not null references catalog.source on delete cascade,
  -- Which of the things that the source says.
  key text not null,
  standing text not null check (standing in ('standby', 'connector')),
  -- Whom it is about: one by name, or all that have this value of an annotation.
  ref text,
  annotation text,
  annotation_value text,
  document json not null,
  hash text not null,
  location text not null,
  line integer,
  docs_root text,
  -- Why the source believes it, where it is not simply said.
  rule text,
  -- Null: that of the source.
  confidence double precision check (confidence between 0 and 1),
  -- When the system itself last saw it; null: when the source was last read.
  observed_at timestamptz,
  -- Since when it says so. Being read again does not make it newer.
  since timestamptz not null,
  primary key (source_id, key),
  check ((ref is null) <> (annotation is null))
);
create index on catalog.claim (ref) where ref is not null;
create index on catalog.claim (annotation, annotation_value) where annotation is not null;

-- What a person said of one property; it outlives the entity, so that one that comes back is as it was.
create table catalog.overlay (
  ref text not null,
  -- As people write it, e.g. spec.owner.
  property text not null,
  -- Null: the property was taken away.
  value json,
  locked boolean not null,
  reason text,
  actor text not null,
  at timestamptz not null,
  primary key (ref, property)
);

-- Whom to believe about a property of a kind, best first.
create table catalog.precedence (
  -- In lower case; `*` is every kind.
  kind text not null,
  property text not null,
  sources text[] not null,
  actor text not null,
  at timestamptz not null,
  primary key (kind, property)
);

-- How far a source is trusted, where it is not the usual. `person` is what people set and confirm.
create table catalog.source_trust (
  source_id text primary key,
  half_life_days double precision check (half_life_days > 0),
  confidence double precision check (confidence between 0 and 1),
  ages_from text check (ages_from in ('reading', 'saying'))
);

-- One row: below which trust a property is asked about, and how often people are asked.
create table catalog.trust_rule (
  only_row boolean primary key default true check (only_row),
  thresholds jsonb not null,
  questions_per_week integer not null,
  days_between integer not null
);
insert into catalog.trust_rule (thresholds, questions_per_week, days_between)
values ('{"spec.owner": 0.5, "spec.lifecycle": 0.4, "spec.onCall": 0.5}', 5, 30);

-- What people answered when they were asked whether a value is still right.
create table catalog.confirmation (
  id bigint generated always as identity primary key,
  ref text not null,
  property text not null,
  value json,
  correct boolean not null,
  reason text,
  actor text not null,
  at timestamptz not null
);
create index on catalog.confirmation (ref, property, id);

create table catalog.question (
  id text primary key,
  ref text not null,
  property text not null,
  value json,
  trust double precision not null,
  -- The user entity that was asked.
  person text not null,
  asked_at timestamptz not null,
  -- yes, no, or `moot`: the value changed, or somebody else answered.
  answer text check (answer in ('yes', 'no', 'moot')),
  answered_at timestamptz,
  answered_by text
);
create index on catalog.question (person, asked_at);
create index on catalog.question (ref, property, asked_at);
create index on catalog.question (asked_at) where answer is null;
