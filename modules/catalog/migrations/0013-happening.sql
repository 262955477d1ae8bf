-- What happened around the catalogue, told by the events of every module: who did what to which entity, in words. A projection: it
-- can be made anew from the events, and it is never asked for what is true now.
create table catalog.happening (
  -- Of the event: told twice, it is written once.
  id uuid primary key,
  -- Its place in the log of events.
  seq bigint not null,
  at timestamptz not null,
  sort text not null,
  -- The entity it is about, where there is one.
  ref text,
  actor text not null,
  text text not null,
  -- Where the web app shows it.
  link text
);
create index on catalog.happening (at, seq);
create index on catalog.happening (ref, at);
