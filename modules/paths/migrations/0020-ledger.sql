-- What golden paths have made, by which version and with which answers, and how it differs by now.

-- A version of a path as it was when it was followed: its template, and by hash the files that it takes from its source.
create table paths.source (
  digest text primary key,
  path_ref text not null,
  version text,
  entity jsonb not null,
  -- Where the template stands below the root of its source.
  folder text not null,
  files jsonb not null,
  kept_at timestamptz not null
);
create index source_by_path on paths.source (path_ref, kept_at desc);

create table paths.source_blob (
  hash text primary key,
  content bytea not null
);

alter table paths.run add column source_digest text references paths.source (digest);
alter table paths.run add column path_version text;
alter table paths.run add column preview_digest text;

create table paths.made (
  id text primary key,
  -- Who made it: the same key again is the same thing.
  key text not null unique,
  run_id text not null references paths.run (id),
  path_ref text not null,
  path_title text not null,
  version text,
  -- Null where the version could not be kept: such a thing is watched, not upgraded.
  source_digest text references paths.source (digest),
  repository text not null,
  branch text not null,
  entity_ref text,
  -- As given, with secrets as ***.
  answers jsonb not null,
  -- The commit whose files are those of the version, unchanged.
  base_commit text not null,
  made_at timestamptz not null,
  -- How far the branch was looked at.
  checked_commit text,
  checked_at timestamptz,
  gone_at timestamptz
);
create index made_by_repository on paths.made (repository, branch);
create index made_by_entity on paths.made (entity_ref) where entity_ref is not null;
create index made_by_path on paths.made (path_ref, id desc);

-- The files that the version made; `hash` is git's own, of the content.
create table paths.made_file (
  made_id text not null references paths.made (id) on delete cascade,
  path text not null,
  hash text not null,
  executable boolean not null,
  -- False: the path only began it, what becomes of it is up to its owner.
  managed boolean not null,
  primary key (made_id, path)
);

-- Managed files that differ by now.
create table paths.made_drift (
  made_id text not null references paths.made (id) on delete cascade,
  path text not null,
  change text not null check (change in ('changed', 'deleted', 'renamed', 'mode')),
  renamed_to text,
  commit text,
  author text,
  at timestamptz,
  message text,
  primary key (made_id, path)
);

-- Declared deviations: these files may differ, for a reason, until a day.
create table paths.deviation (
  id text primary key,
  made_id text not null references paths.made (id) on delete cascade,
  paths text[] not null,
  reason text not null,
  owner text not null,
  requested_by text not null,
  decided_by text,
  status text not null check (status in ('requested', 'active', 'refused', 'ended')),
  note text,
  created_at timestamptz not null,
  decided_at timestamptz,
  expires_at timestamptz not null,
  -- When its end was told to whom it concerns.
  told_at timestamptz
);
create index deviation_by_made on paths.deviation (made_id, status);
