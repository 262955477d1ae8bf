-- Environments that are clusters, and what clusters say of workloads.

alter table delivery.environment drop constraint environment_runtime_check;
alter table delivery.environment add constraint environment_runtime_check check (runtime in ('local', 'kubernetes'));
-- Which cluster, and how; exactly where the runtime is kubernetes.
alter table delivery.environment add column kubernetes jsonb;
alter table delivery.environment add constraint environment_has_place check ((runtime = 'kubernetes') = (kubernetes is not null));
-- Where it is reached, where that is not the platform's own router.
alter table delivery.workload add column url text;
-- What the cluster said last; null on the local runtime.
alter table delivery.workload add column cluster jsonb;
