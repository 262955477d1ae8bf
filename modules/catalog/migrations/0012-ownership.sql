-- Who gave what to whom, in one act each. What holds a new owner is an overlay of facts; these rows know what was there before, so
-- that an act can be taken back as one.

create table catalog.hand_over (
  id text primary key,
  -- In the order of commits: acts are written under the catalogue's lock.
  seq bigint generated always as identity unique,
  -- Null where things without an owner were assigned.
  from_ref text,
  to_ref text not null,
  at timestamptz not null,
  actor text not null,
  reason text,
  undone_at timestamptz,
  undone_by text,
  undone_reason text
);

create table catalog.hand_over_item (
  hand_over text not null references catalog.hand_over on delete cascade,
  ref text not null,
  property text not null,
  -- The overlay that was there before, whole; null: none.
  overlay_before json,
  -- The value that the act set.
  value json not null,
  primary key (hand_over, ref, property)
);
create index on catalog.hand_over_item (ref, property);
