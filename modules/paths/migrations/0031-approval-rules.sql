-- What approvals taught: after ten grants in a row, a rule that grants the same by itself is proposed; a person accepts it.
alter table paths.approval add column rule_digest text not null default '';

create table paths.approval_rule (
  id text primary key,
  path_ref text not null,
  path_title text not null,
  rule text not null,
  -- Of what the path says of the approval: one that says something else is not what was learned.
  rule_digest text not null,
  -- In whose role it was granted; `administrator` where the catalogue knew nobody.
  role text not null,
  state text not null check (state in ('proposed', 'active', 'refused', 'revoked')),
  -- The ten approvals that it was learned from.
  evidence text[] not null,
  proposed_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  note text
);
create unique index approval_rule_open on paths.approval_rule (path_ref, rule, role) where state in ('proposed', 'active');
