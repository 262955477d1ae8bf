-- Objectives that stand in a repository are what its files say.
alter table telemetry.slo add column repository text, add column path text;
create index slo_by_repository on telemetry.slo (repository) where repository is not null;

-- What was found there last, and what of it could not be taken.
create table telemetry.slo_repository (
  repository text primary key,
  commit text not null,
  read_at timestamptz not null,
  objectives integer not null,
  problems jsonb not null
);
