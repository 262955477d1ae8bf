-- Derived properties are worked out in every process and never stored. What was last told of them is: so that each change is told
-- once, whichever process does it.
create table catalog.derived_told (
  ref text not null,
  property text not null,
  value json not null,
  primary key (ref, property)
);

-- Definitions whose first values are known: those are no news.
create table catalog.derived_begun (
  kind text not null,
  property text not null,
  primary key (kind, property)
);
