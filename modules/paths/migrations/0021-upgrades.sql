-- Upgrades: a new version of a path is proposed to what older ones made, in waves.

create table paths.upgrade (
  id text primary key,
  path_ref text not null,
  path_title text not null,
  to_version text,
  to_digest text not null references paths.source (digest),
  status text not null check (status in ('running', 'paused', 'done', 'cancelled')),
  wait_for text not null check (wait_for in ('nothing', 'settled', 'go')),
  wave integer not null default 0,
  waves integer not null,
  -- The wave up to which somebody said go.
  told_go integer not null default 0,
  actor text not null,
  actor_detail jsonb not null,
  started_at timestamptz not null,
  ended_at timestamptz
);
create index upgrade_by_path on paths.upgrade (path_ref, id desc);

create table paths.upgrade_item (
  upgrade_id text not null references paths.upgrade (id) on delete cascade,
  made_id text not null references paths.made (id) on delete cascade,
  n integer not null,
  wave integer not null,
  state text not null check (state in ('waiting', 'open', 'conflicting', 'merged', 'closed', 'refused')),
  from_version text,
  reason text,
  change_id text,
  -- What becomes of each file, for people.
  files jsonb not null default '[]',
  -- What the thing is when the change was merged: the commit that holds the new version's files, their hashes, its answers.
  base_commit text,
  made_files jsonb,
  answers jsonb,
  updated_at timestamptz not null,
  primary key (upgrade_id, made_id)
);
create index upgrade_item_by_order on paths.upgrade_item (upgrade_id, n);
create index upgrade_item_by_change on paths.upgrade_item (change_id) where change_id is not null;
