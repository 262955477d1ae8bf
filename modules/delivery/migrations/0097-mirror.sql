-- A Git repository elsewhere that is kept like the one of what runs where.

create table delivery.mirror (
  repository text primary key,
  remote text not null,
  username text,
  sealed bytea,
  state text not null check (state in ('new', 'in-sync', 'failing')),
  -- Where each branch was left there: another commit is somebody else's.
  heads jsonb not null default '{}',
  failures integer not null default 0,
  error text,
  -- What somebody else did there last.
  noticed jsonb,
  set_by text not null,
  set_at timestamptz not null,
  pushed_at timestamptz,
  looked_at timestamptz,
  try_at timestamptz not null
);
