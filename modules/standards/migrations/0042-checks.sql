-- What policies say of proposed changes: one row per change and commit.
create table standards.change_check (
  id text primary key,
  system text not null check (system in ('embedded', 'github', 'gitlab')),
  host text not null,
  path text not null,
  number text not null,
  head text not null,
  base text not null,
  state text not null default 'waiting' check (state in ('waiting', 'done', 'superseded', 'failed')),
  verdict text,
  result json,
  reason text,
  -- Whether the host was told; the embedded one shows it by itself.
  told boolean not null default false,
  tries integer not null default 0,
  at timestamptz not null,
  changed_at timestamptz not null,
  next_at timestamptz not null,
  unique (system, host, path, number, head)
);
create index on standards.change_check (next_at) where state = 'waiting';
create index on standards.change_check (system, host, path, number);
