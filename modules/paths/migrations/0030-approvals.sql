-- Approvals that runs wait for before their first step.
create table paths.approval (
  id text primary key,
  run_id text not null references paths.run (id) on delete cascade,
  path_ref text not null,
  -- What the path calls it, and whom it names: words such as `owner`, and references.
  rule text not null,
  by_words text[] not null,
  because text not null,
  needed integer not null check (needed > 0),
  -- What the run touches, and from whom else owners are computed.
  entity_ref text,
  owner_ref text,
  -- Who could approve when it was asked for; who may is computed anew when somebody decides.
  approvers jsonb not null,
  approver_refs text[] not null,
  -- Of what is approved: files, effects, resources.
  digest text not null,
  state text not null check (state in ('waiting', 'granted', 'refused', 'expired', 'withdrawn')),
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  remind_every_ms bigint not null,
  reminded_at timestamptz not null,
  decided_at timestamptz,
  -- The learned rule that granted it.
  automatic text
);
create index approval_by_run on paths.approval (run_id);
create index approval_waiting on paths.approval (expires_at) where state = 'waiting';
create index approval_by_rule on paths.approval (path_ref, rule, id desc);

-- What somebody said of one; a person counts once, by whichever token or tab.
create table paths.approval_vote (
  approval_id text not null references paths.approval (id) on delete cascade,
  account text not null,
  actor text not null,
  name text not null,
  verdict text not null check (verdict in ('granted', 'refused')),
  role text not null,
  reason text,
  at timestamptz not null,
  primary key (approval_id, account)
);
