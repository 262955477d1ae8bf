create table telemetry.slo (
  name text primary key,
  title text not null,
  description text,
  service text not null,
  entity_ref text not null,
  environment text,
  indicator jsonb not null,
  target double precision not null check (target > 0 and target < 1),
  period jsonb not null,
  minimum_events integer not null check (minimum_events > 0),
  -- The document, as it was applied.
  text text not null,
  -- A digest of what is counted.
  revision text not null,
  sample boolean not null default false,
  changed_by text not null,
  changed_at timestamptz not null,
  -- As counted last.
  figures jsonb,
  -- In front when sorted: what has least left, then what is not known.
  remaining double precision,
  state text not null default 'unknown',
  alert jsonb not null default '{"firing": []}',
  look_at timestamptz not null
);

create index slo_by_entity on telemetry.slo (entity_ref);
create index slo_due on telemetry.slo (look_at);
