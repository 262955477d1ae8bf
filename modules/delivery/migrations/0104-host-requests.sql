-- Promotions that wait for a pull request are proposed at the host of the mirror, too, where an administrator wants that.

alter table delivery.mirror add column requests boolean not null default false;

-- A pull or merge request at GitHub or GitLab, of a proposed change of the repository of what runs where.
create table delivery.host_request (
  change_id text not null references delivery.change (id) on delete cascade,
  -- Another one where the one before was merged and did not count.
  attempt integer not null,
  state text not null check (state in ('opening', 'open', 'merged', 'refused', 'closed')),
  place text not null,
  number text,
  link text,
  -- The commit that it was merged with, or that was told last.
  head text,
  -- What was told last, so that it is told again only where it is another.
  told text,
  -- What its merge left on the target there.
  merge_commit text,
  ended_by text,
  -- Why its merge did not count.
  note text,
  failures integer not null default 0,
  error text,
  look_at timestamptz not null,
  opened_at timestamptz not null,
  ended_at timestamptz,
  primary key (change_id, attempt)
);
create index host_request_due on delivery.host_request (look_at) where state in ('opening', 'open');
