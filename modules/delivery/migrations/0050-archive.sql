-- An archived repository is read only: it can be cloned, and nothing can be pushed, proposed or merged.
alter table delivery.repository add column archived_at timestamptz;
alter table delivery.repository add column archived_why text;
