-- Proposed changes to repositories of the embedded host: a branch that somebody may merge.

create table delivery.change (
  id text primary key,
  -- Who made it; the same key again is a repeat.
  key text not null unique,
  repository text not null references delivery.repository (name),
  branch text not null,
  target text not null,
  title text not null,
  body text not null,
  status text not null check (status in ('open', 'merged', 'closed')),
  -- The newest commit of the target that the branch holds, and the branch's own.
  base text not null,
  head text not null,
  -- As whoever proposes it made the branch; null for one that was pushed.
  made_head text,
  conflicts jsonb not null,
  opened_by text not null,
  opened_at timestamptz not null,
  ended_by text,
  ended_at timestamptz,
  note text
);
create unique index change_by_branch on delivery.change (repository, branch) where status = 'open';
create index change_by_repository on delivery.change (repository, id desc);
create index change_by_status on delivery.change (status, id desc);
