-- The commit that a run made, whatever its thing was upgraded to since.
alter table paths.made add column first_commit text;
