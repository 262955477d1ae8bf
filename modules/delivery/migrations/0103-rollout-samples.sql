-- What is told of answers of both releases while one is decided about. The number says what an analysis has looked at already.
create table delivery.rollout_sample (
  rollout_id text not null references delivery.rollout (id) on delete cascade,
  id text not null,
  number bigint generated always as identity,
  arm text not null check (arm in ('candidate', 'baseline')),
  signal text not null check (signal in ('score', 'tokens', 'cost', 'ttft')),
  value double precision not null,
  at timestamptz not null,
  primary key (rollout_id, id)
);
create index rollout_sample_number on delivery.rollout_sample (rollout_id, number);
