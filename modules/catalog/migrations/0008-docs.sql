-- Documentation as a site: sections, the file behind each page, when its text changed, its pictures, and what leads nowhere.
alter table catalog.doc_root add column problems integer not null default 0;
alter table catalog.doc_page
  -- Titles of the sections it stands in, outermost first.
  add column section text[] not null default '{}',
  -- Relative to the root of the source: what "edit" leads to.
  add column file text not null default '',
  -- Address of its editor where `mkdocs.yml` says one.
  add column edit_url text,
  add column changed_at timestamptz not null default now();

create table catalog.doc_asset (
  source_id text not null,
  root text not null,
  path text not null,
  type text not null,
  bytes bytea not null,
  primary key (source_id, root, path),
  foreign key (source_id, root) references catalog.doc_root on delete cascade
);

create table catalog.doc_problem (
  source_id text not null,
  root text not null,
  position integer not null,
  path text not null,
  line integer not null,
  link text not null,
  reason text not null,
  mend text not null,
  primary key (source_id, root, position),
  foreign key (source_id, root) references catalog.doc_root on delete cascade
);

-- What was read before knew nothing of this: it is read again at the next look.
update catalog.source set fingerprint = null where kind <> 'inline';
update catalog.doc_root set hash = '';
