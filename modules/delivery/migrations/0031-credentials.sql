-- By which one workload calls another: what is secret is sealed, what proves it is a digest.

create table delivery.credential (
  id text primary key,
  environment text not null references delivery.environment (name),
  caller text not null,
  callee text not null,
  state text not null check (state in ('active', 'revoked')),
  -- Counts up with each rotation.
  generation integer not null,
  sealed bytea,
  digest text,
  -- The one before counts until then, so that no call fails while the caller gets the new one.
  previous_digest text,
  previous_until timestamptz,
  made_by text not null,
  made_at timestamptz not null,
  rotated_at timestamptz,
  revoked_at timestamptz
);
create unique index credential_once on delivery.credential (environment, caller, callee) where state = 'active';
create index credential_by_callee on delivery.credential (callee);
create index credential_by_caller on delivery.credential (caller);
