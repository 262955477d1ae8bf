-- Evaluation sets and what graders said of releases by them.

create table delivery.evaluation_set (
  id text primary key,
  entity_ref text not null,
  name text not null,
  version integer not null,
  digest text not null,
  -- The ids of its cases, in the order of the file.
  case_ids text[] not null,
  -- As they were given; null for what stands in Git.
  content text,
  repository text,
  path text,
  commit text,
  made_by text not null,
  created_at timestamptz not null,
  unique (entity_ref, name, version),
  unique (entity_ref, name, digest)
);

create table delivery.evaluation (
  id text primary key,
  entity_ref text not null,
  release_id text not null references delivery.release (id),
  -- Of the models, prompts and agents that were judged.
  subject_digest text not null,
  set_id text not null references delivery.evaluation_set (id),
  grader text not null,
  grader_version text not null,
  state text not null check (state in ('running', 'recorded', 'failed')),
  how text not null check (how in ('recorded', 'run')),
  error text,
  log text[],
  -- Of its scores: the same ones of the same grader recorded twice are one evaluation.
  digest text,
  scored integer not null default 0,
  -- Of all cases of the set, those without a score among them as 0.
  mean double precision,
  tokens bigint,
  cost numeric,
  latency_ms double precision,
  made_by text not null,
  created_at timestamptz not null,
  ended_at timestamptz
);
create unique index evaluation_once on delivery.evaluation (release_id, set_id, grader, grader_version, digest) where digest is not null;
create index evaluation_by_subject on delivery.evaluation (entity_ref, set_id, subject_digest, id desc);
create index evaluation_by_release on delivery.evaluation (release_id, id desc);

create table delivery.evaluation_score (
  evaluation_id text not null references delivery.evaluation (id) on delete cascade,
  case_id text not null,
  score double precision not null check (score >= 0 and score <= 1),
  note text,
  primary key (evaluation_id, case_id)
);

-- What has to be shown of a release's scores before it comes to an environment.
alter table delivery.environment add column evaluation jsonb;
