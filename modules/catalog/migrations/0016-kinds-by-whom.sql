-- Whether a source may define kinds: only where somebody connected it who may save kinds. Those that are there keep what they had.
alter table catalog.source add column defines_kinds boolean not null default true;
