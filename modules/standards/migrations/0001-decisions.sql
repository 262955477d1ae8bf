create schema if not exists standards;

-- What policies answered when they were asked about an act; never changed afterwards.
create table standards.decision (
  id text primary key,
  at timestamptz not null,
  moment text not null check (moment in ('provision', 'audit')),
  subject text not null,
  actor text not null,
  verdict text not null check (verdict in ('allow', 'warn', 'deny')),
  findings jsonb not null,
  policies jsonb not null,
  input_digest text not null
);

create index decision_by_verdict on standards.decision (verdict, id desc);
