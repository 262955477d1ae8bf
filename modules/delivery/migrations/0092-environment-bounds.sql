-- Which policies are asked before a release comes, and whether unknown cost keeps it out.

alter table delivery.environment add column policies text[] not null default '{}';
alter table delivery.environment add column budget_block_unknown boolean not null default false;
