-- Who changed what, why and when exactly; and what was taken away, so that it can be had back.

-- When the newest change was made, by the database's clock and never going back, whatever the clocks of the servers say: instants
-- stand in the order in which changes commit. Whole milliseconds, so that an instant survives being written in a link.
alter table catalog.clock add column at timestamptz not null default to_timestamp(0);

alter table catalog.history
  -- The change (`catalog.clock`) it belongs to; 0 for what was written before changes were noted.
  add column number bigint not null default 0,
  add column actor text not null default 'unknown',
  add column reason text,
  -- The run of the source that wrote it. Runs are forgotten before history is: no reference.
  add column sync_id bigint,
  add column source_id text,
  -- Where it was before, as `catalog.entity` had it: sourceId, location, line, hash. Null for `registered`.
  add column origin json;

-- Earlier rows were stamped by whichever server wrote them: put into the order in which they were written.
update catalog.history h set at = ordered.at
from (select id, max(date_trunc('milliseconds', at)) over (order by id) as at from catalog.history) ordered
where ordered.id = h.id;
update catalog.clock set at = coalesce((select max(at) from catalog.history), to_timestamp(0));

create index on catalog.history (at, id);
create index on catalog.history (number);

-- A tombstone: what was removed, with all that is needed to put it back. Kept for 30 days.
alter table catalog.removed_entity
  add column at timestamptz not null default now(),
  add column uid uuid,
  add column document json,
  add column hash text,
  add column source_id text,
  add column source_name text,
  add column source_kind text,
  add column location text,
  add column line integer,
  add column docs_root text,
  add column sample boolean not null default false,
  add column actor text not null default 'unknown',
  add column reason text,
  add column sync_id bigint;
create index on catalog.removed_entity (at, ref);
