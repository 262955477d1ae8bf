-- Whom repositories name as the owner of a thing, whoever describes it: what an orphan may be given to.
create table catalog.discovered_owner (
  ref text primary key,
  owner text not null,
  reason text not null
);
