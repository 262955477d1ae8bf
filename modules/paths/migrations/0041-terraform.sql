-- States of Terraform, sealed: each version that was written, newest by serial.
create table paths.terraform_state (
  resource_id text not null references paths.resource (id) on delete cascade,
  n bigint generated always as identity,
  serial bigint not null,
  lineage text not null,
  sealed bytea not null,
  generation integer not null,
  at timestamptz not null,
  primary key (resource_id, n)
);
-- An apply that has begun: taken away when its state is kept. One that is found was interrupted.
create table paths.terraform_apply (
  resource_id text primary key references paths.resource (id) on delete cascade,
  generation integer not null,
  folder text not null,
  host text not null,
  begun_at timestamptz not null
);
