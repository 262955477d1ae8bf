create schema telemetry;

create table telemetry.incident (
  id text primary key,
  title text not null,
  service text not null,
  entity_ref text,
  severity text not null check (severity in ('low', 'high', 'critical')),
  opened_at timestamptz not null,
  closed_at timestamptz,
  summary text,
  sample boolean not null default false,
  check (closed_at is null or closed_at >= opened_at)
);

create index incident_by_time on telemetry.incident (opened_at desc, id desc);
create index incident_open on telemetry.incident (service) where closed_at is null;
