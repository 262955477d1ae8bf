-- A policy may read what is not known yet, e.g. of a Terraform plan: that is neither yes nor no.
alter table standards.decision drop constraint decision_verdict_check;
alter table standards.decision add constraint decision_verdict_check check (verdict in ('allow', 'warn', 'deny', 'unknown'));
