-- Environments whose branch is written by merging a proposed change instead of by the platform alone.

alter table delivery.environment add column by text not null default 'commit' check (by in ('commit', 'pull-request'));
-- Of a change that promotes: the components whose releases it brings. Null for every other change.
alter table delivery.change add column about text[];
-- The proposed change that waits to be merged for it, or was.
alter table delivery.promotion add column change_id text references delivery.change (id) on delete set null;
create index promotion_by_change on delivery.promotion (change_id) where change_id is not null;
