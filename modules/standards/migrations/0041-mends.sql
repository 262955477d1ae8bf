-- Changes that mend failing rules: one per rule and thing at a time.
create table standards.mend (
  id text primary key,
  ref text not null,
  scorecard text not null,
  rule text not null,
  title text not null,
  state text not null check (state in ('waiting', 'open', 'merged', 'closed', 'refused')),
  reason text,
  -- What was given for the mend's values.
  given json not null,
  system text,
  host text,
  path text,
  repository text,
  branch text,
  number text,
  link text,
  campaign text,
  wave integer not null default 0,
  by_actor text not null,
  by_name text not null,
  at timestamptz not null,
  changed_at timestamptz not null,
  tries integer not null default 0,
  -- Not before: the host did not answer, or is asked what became of the change.
  next_at timestamptz not null
);
create unique index mend_one on standards.mend (scorecard, rule, ref) where state in ('waiting', 'open');
create index on standards.mend (ref, scorecard);
create index on standards.mend (campaign) where campaign is not null;
create index on standards.mend (next_at) where state in ('waiting', 'open');
