-- A Git host that allows no more calls for now: the reading goes on when it does.
alter table catalog.discovery add column not_before timestamptz;
