-- Moving a fleet forward by a day: a part of a scorecard, a goal and a deadline. How far it is follows from the results.
create table standards.campaign (
  name text primary key,
  title text not null,
  scorecard text not null,
  -- One of the two: a level with all that it needs, or some rules.
  level text,
  rules text[] not null default '{}',
  owners text[] not null default '{}',
  systems text[] not null default '{}',
  goal double precision not null check (goal > 0 and goal <= 1),
  -- The last day, in UTC.
  deadline date not null,
  brief text not null default '',
  owner text,
  remind_days integer[] not null default '{}',
  state text not null default 'open' check (state in ('open', 'reached', 'over', 'ended')),
  started_at timestamptz not null,
  closed_at timestamptz,
  -- Days before the deadline of which teams have been reminded.
  reminded integer[] not null default '{}',
  check ((level is null) = (cardinality(rules) > 0))
);
create index on standards.campaign (state);
