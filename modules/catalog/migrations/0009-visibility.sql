-- Who may see what a source describes: references of groups and people. Sources that are for everybody have no row. A row outlives
-- its source, because history and tombstones of what it described do so too.
create table catalog.source_visibility (
  source_id text primary key,
  visible_to text[] not null
);
