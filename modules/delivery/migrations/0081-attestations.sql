-- Signed statements about commits: how they were built, and what they are made of.

create table delivery.signing_key (
  name text primary key,
  public_key text not null,
  sealed bytea not null,
  created_at timestamptz not null
);

create table delivery.attestation (
  id text primary key,
  kind text not null check (kind in ('provenance', 'sbom')),
  repository text not null,
  entity_ref text,
  commit text not null,
  run_id text,
  envelope jsonb not null,
  key_id text not null,
  builder text,
  components integer not null default 0,
  created_at timestamptz not null
);
-- Made again, as after a crash, it is the same one.
create unique index attestation_once on delivery.attestation (repository, commit, kind, coalesce(run_id, ''));
create index attestation_by_entity on delivery.attestation (entity_ref, id desc);
