-- Jobs: workloads that run by a schedule and end.

alter table delivery.workload drop constraint workload_kind_check;
alter table delivery.workload add constraint workload_kind_check check (kind in ('service', 'worker', 'site', 'job'));
-- Until when the schedule of a job was followed, and which one: what lies between that and a later start was missed.
alter table delivery.workload add column followed jsonb;

create table delivery.execution (
  id text primary key,
  entity_ref text not null,
  environment text not null,
  trigger text not null check (trigger in ('schedule', 'hand', 'catch-up')),
  status text not null check (status in ('queued', 'running', 'succeeded', 'failed', 'timed-out', 'replaced', 'stopped', 'lost', 'skipped', 'missed')),
  -- When it was due; of one that was started by hand, when that was asked for.
  due_at timestamptz not null,
  commit text,
  asked_by text,
  detail text,
  -- How many were missed, where that is what it says.
  missed integer,
  exit_code integer,
  -- Its lines in the workload's log.
  log_after integer,
  log_until integer,
  started_at timestamptz,
  ended_at timestamptz
);
create index execution_by_workload on delivery.execution (entity_ref, environment, id desc);
-- No time of a schedule is done twice.
create unique index execution_once on delivery.execution (entity_ref, environment, due_at) where trigger = 'schedule';
