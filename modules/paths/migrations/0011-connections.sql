-- Systems outside that golden paths may ask by name; what is secret of them is sealed.
create table paths.connection (
  name text primary key,
  url text not null,
  header_names text[] not null default '{}',
  signs boolean not null default false,
  sealed bytea not null,
  actor text not null,
  at timestamptz not null
);
