-- Environments as their owners describe them, the order of promotion among them, and when nothing may be changed.

alter table delivery.environment add column description text;
-- The group that answers for it; without one it is the platform's, and shared.
alter table delivery.environment add column owner text;
alter table delivery.environment add column region text;
alter table delivery.environment add column residency text;
-- Whose verified releases may come here; none: releases begin here.
alter table delivery.environment add column upstream text[] not null default '{}';
-- Releases come by themselves when every gate lets them through.
alter table delivery.environment add column automatic boolean not null default false;
alter table delivery.environment add column soak_minutes integer not null default 0;
alter table delivery.environment add column approvals jsonb not null default '[]';
alter table delivery.environment add column gates jsonb not null default '[]';
-- Money a month for what runs here.
alter table delivery.environment add column budget_amount numeric;
alter table delivery.environment add column budget_currency text;
alter table delivery.environment add column made_by text;
alter table delivery.environment add column expires_at timestamptz;
-- For which end its owner was warned.
alter table delivery.environment add column warned_for timestamptz;
alter table delivery.environment add column ended_at timestamptz;
update delivery.environment set automatic = true where name = 'dev';

create table delivery.freeze (
  id text primary key,
  title text not null,
  reason text not null,
  -- None: every environment.
  environments text[] not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- Again and again between these two: when it begins, in which zone, and for how long.
  repeats jsonb,
  hotfixes boolean not null,
  made_by text not null,
  made_at timestamptz not null,
  lifted_by text,
  lifted_at timestamptz,
  lifted_why text,
  check (ends_at > starts_at)
);
create index freeze_by_end on delivery.freeze (ends_at) where lifted_at is null;
