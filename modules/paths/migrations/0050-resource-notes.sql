-- What making a resource has to remember between its tries, so that nothing outside is made twice: what was there before, what was asked.
-- `key` is that of the resource and its generation; never holds secrets.
create table paths.resource_note (
  resource_id text not null references paths.resource (id) on delete cascade,
  key text not null,
  name text not null,
  value jsonb not null,
  at timestamptz not null default now(),
  primary key (key, name)
);
create index resource_note_by_resource on paths.resource_note (resource_id);
