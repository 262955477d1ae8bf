-- Several processes of one workload: what was seen of each.

alter table delivery.workload add column replicas jsonb;
