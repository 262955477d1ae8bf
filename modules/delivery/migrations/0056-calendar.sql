-- Calendars ask for what was deployed in a time.
create index deployment_by_time on delivery.deployment (created_at desc, id desc);
