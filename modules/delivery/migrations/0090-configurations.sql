-- Prompts, models and agents: deployed without a process, read by those who use them.

alter table delivery.workload drop constraint workload_kind_check;
alter table delivery.workload add constraint workload_kind_check check (kind in ('service', 'worker', 'site', 'job', 'prompt', 'model', 'agent'));
-- What is served of it, with its version and digest: only of those three kinds.
alter table delivery.workload add column served jsonb;
