-- Releases on their way into environments, what each environment is to have, and where nothing comes by itself.

create table delivery.promotion (
  id text primary key,
  entity_ref text not null,
  environment text not null references delivery.environment (name),
  release_id text not null references delivery.release (id),
  from_release_id text references delivery.release (id),
  kind text not null check (kind in ('promote', 'rollback')),
  state text not null check (state in ('waiting', 'writing', 'deploying', 'promoted', 'failed', 'held', 'rolled-back', 'refused', 'superseded', 'cancelled')),
  automatic boolean not null,
  hotfix boolean not null,
  batch text,
  reason text,
  requested_by text not null,
  -- The actor who asked: nobody approves what they asked for themselves.
  requester jsonb not null,
  gates jsonb not null default '[]',
  overrides jsonb not null default '[]',
  looked_at timestamptz,
  -- When it is looked at again.
  look_at timestamptz,
  deployment_id text,
  git_commit text,
  error text,
  created_at timestamptz not null,
  admitted_at timestamptz,
  ended_at timestamptz,
  -- When its outcome was written to Git.
  recorded_at timestamptz
);
-- Of the same thing into the same place one waits and one is under way, and never two.
create unique index promotion_waiting on delivery.promotion (entity_ref, environment) where state = 'waiting';
create unique index promotion_moving on delivery.promotion (entity_ref, environment) where state in ('writing', 'deploying', 'held');
create index promotion_to_look_at on delivery.promotion (look_at) where state = 'waiting';
create index promotion_by_entity on delivery.promotion (entity_ref, environment, id desc);
create index promotion_by_environment on delivery.promotion (environment, id desc);
create index promotion_by_release on delivery.promotion (release_id, environment);
create index promotion_by_deployment on delivery.promotion (deployment_id) where deployment_id is not null;
create index promotion_unrecorded on delivery.promotion (id) where ended_at is not null and recorded_at is null;

create table delivery.promotion_vote (
  promotion_id text not null references delivery.promotion (id) on delete cascade,
  account text not null,
  actor text not null,
  name text not null,
  verdict text not null check (verdict in ('granted', 'refused')),
  role text not null,
  reason text,
  at timestamptz not null,
  primary key (promotion_id, account)
);

-- What Git says an environment is to have.
create table delivery.desired (
  entity_ref text not null,
  environment text not null,
  release_id text not null references delivery.release (id),
  promotion_id text not null,
  git_commit text not null,
  since timestamptz not null,
  primary key (entity_ref, environment)
);

create table delivery.hold (
  entity_ref text not null,
  environment text not null,
  why text not null,
  held_by text not null,
  at timestamptz not null,
  primary key (entity_ref, environment)
);

-- Where the platform left each branch of the GitOps repository: another commit there is somebody else's.
create table delivery.gitops_branch (
  branch text primary key,
  head text not null,
  written_at timestamptz not null
);

alter table delivery.release add column recorded_at timestamptz;
create index release_unrecorded on delivery.release (id) where recorded_at is null;
