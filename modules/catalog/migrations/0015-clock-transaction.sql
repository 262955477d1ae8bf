-- Which transaction took the newest number: a process that wrote it can tell that its own was committed, and not another with the
-- same number after its own was rolled back.
alter table catalog.clock add column transaction xid8;
