-- What policies and packs do from an instant on, whatever their text says.
create table standards.stage (
  id text primary key,
  policy text,
  pack text,
  moments text[],
  action text not null check (action in ('deny', 'warn', 'audit', 'off')),
  from_at timestamptz not null,
  reason text,
  set_by text not null,
  set_at timestamptz not null,
  check ((policy is null) <> (pack is null))
);

-- Declared deviations from policies. A row is never removed; `ended` is one whose entity is gone.
create table standards.waiver (
  id text primary key,
  policy text not null,
  entity text,
  namespace text,
  team text,
  reason text not null,
  owner text not null,
  requested_by text not null,
  requested_at timestamptz not null,
  expires_at timestamptz not null,
  state text not null check (state in ('requested', 'approved', 'refused', 'revoked', 'expired', 'ended')),
  decided_by text,
  decided_at timestamptz,
  note text,
  rule text,
  -- Days before the end at which somebody was reminded last.
  reminded int,
  check (num_nonnulls(entity, namespace, team) = 1)
);
create index waiver_in_force on standards.waiver (expires_at) where state = 'approved';
create index waiver_by_entity on standards.waiver (entity) where entity is not null;

create table standards.waiver_rule (
  name text primary key,
  condition text not null,
  max_days int not null,
  set_by text not null,
  set_at timestamptz not null
);
