-- Who uses what the platform offers: counted by team and day. No column can hold a person: the smallest unit is a team, by schema.

create table product.usage (
  day date not null,
  -- Empty: somebody who is in no team.
  team text not null check (team = '' or team like 'group:%'),
  action text not null,
  face text not null,
  -- `roadbed`, or who tells of it.
  source text not null,
  -- What others tell is known by their key; our own counts have none.
  key text not null default '',
  automated boolean not null,
  outcome text not null check (outcome in ('done', 'failed')),
  events integer not null check (events > 0),
  sample boolean not null default false,
  primary key (action, team, day, face, source, key, automated, outcome)
);
create index usage_by_day on product.usage (day);
create unique index usage_by_key on product.usage (source, key) where key <> '';

create table product.capability (
  name text primary key,
  definition jsonb not null,
  saved_by text not null,
  saved_at timestamptz not null
);

-- Mandates, and invitations, which are none.
create table product.push (
  id text primary key,
  kind text not null check (kind in ('mandate', 'invitation')),
  capability text not null,
  scope text not null check (scope = '*' or scope like 'group:%'),
  at date not null,
  enforced_at date,
  ended_at date,
  why text not null,
  decision text,
  recorded_by text not null,
  recorded_at timestamptz not null
);
create index push_by_capability on product.push (capability, at);

-- Since when the register is complete; no row: nobody keeps one, and nothing is called voluntary.
create table product.register (
  one boolean primary key default true check (one),
  complete_since date not null,
  why text not null,
  said_by text not null,
  said_at timestamptz not null
);

create table product.team_change (
  id text primary key,
  before text[] not null,
  after text[] not null,
  at date not null,
  why text not null,
  recorded_by text not null,
  recorded_at timestamptz not null
);
