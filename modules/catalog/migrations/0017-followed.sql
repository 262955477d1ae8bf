-- Sources whose systems tell of changes over a connection that stays open: one process holds it.
alter table catalog.source add column followed_by text, add column followed_until timestamptz;
