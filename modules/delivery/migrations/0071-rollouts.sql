-- How a release replaces the one before: two run beside each other, and something or somebody decides.

alter table delivery.deployment drop constraint deployment_status_check;
alter table delivery.deployment add constraint deployment_status_check
  check (status in ('queued', 'building', 'starting', 'rolling', 'held', 'healthy', 'failed', 'rolled-back', 'superseded'));

create table delivery.rollout (
  id text primary key,
  deployment_id text not null unique references delivery.deployment (id),
  entity_ref text not null,
  environment text not null,
  -- Of the new release, and of the one that it is to replace.
  commit text not null,
  stable_commit text not null,
  manifest jsonb not null,
  -- All steps and settings with their defaults, as they were when it began.
  plan jsonb not null,
  state text not null check (state in ('starting', 'pausing', 'analysing', 'held', 'promoting', 'rolling-back', 'promoted', 'rolled-back')),
  step integer not null,
  weight integer not null,
  header jsonb,
  mirror jsonb,
  -- The event that decided it, why, who, and when: what is measured from.
  cause text,
  reason text,
  decided_by text,
  decided_at timestamptz,
  restored_ms double precision,
  -- How long the step has lasted while a server ran; clocks may jump, so this is counted and not subtracted.
  step_seconds double precision not null default 0,
  analysis jsonb,
  mirrored jsonb,
  created_at timestamptz not null,
  ended_at timestamptz
);
create index rollout_by_entity on delivery.rollout (entity_ref, environment, id desc);
-- One at a time.
create unique index rollout_active on delivery.rollout (entity_ref, environment) where ended_at is null;
