-- What policies find on what stands in the catalogue: one row per entity, policy and rule.
create table standards.audit_finding (
  ref text collate "C" not null,
  policy text collate "C" not null,
  position int not null,
  binding text not null default '',
  params text not null default '',
  team text,
  severity text not null check (severity in ('deny', 'warn', 'audit')),
  result text not null,
  message text not null,
  mend text not null,
  since timestamptz not null,
  primary key (ref, policy, position, binding, params)
);
create index audit_finding_by_policy on standards.audit_finding (policy, ref);
create index audit_finding_by_team on standards.audit_finding (team) where team is not null;

-- How far the audit has come: one row, locked by whoever is at it.
create table standards.audit_state (
  only_row boolean primary key default true check (only_row),
  place_change bigint not null default 0,
  place_ref text not null default '',
  -- Policies, stages and parameters by which everything was looked at; others mean a new look at everything.
  policies text not null default '',
  -- The last reference of a look at everything that is under way.
  sweep_after text,
  looked_at timestamptz
);
insert into standards.audit_state default values;
