-- Who let a change be merged that could not be checked, and why.
alter table standards.change_check add column override jsonb;
