-- Who sees the pages, fields and steps of paths that carry a tag (`backstage:permissions`). A tag without a rule hides nothing.
create table paths.tag_rule (
  tag text primary key,
  -- CEL over actor, path and part, true or false.
  "when" text not null,
  because text,
  actor text not null,
  at timestamptz not null
);
