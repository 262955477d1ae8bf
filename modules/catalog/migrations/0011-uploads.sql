-- Files that people brought are sources too. `connector` is named for the case that it is there already.
alter table catalog.source
  drop constraint source_kind_check,
  add constraint source_kind_check check (kind in ('folder', 'git', 'repository', 'inline', 'connector', 'upload'));
