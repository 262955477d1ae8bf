-- Backstage's clients delete and ask for entities by uid.
create index on catalog.entity (uid);

-- What a client of Backstage called the place it registered: answered to the letter, however we write it ourselves.
create table catalog.location (
  source_id text primary key references catalog.source on delete cascade,
  type text not null,
  target text not null,
  unique (type, target)
);
