-- What has to be left of the error budget of a component's objectives before a release comes: {"leastPercent": 10, "required": false}.
alter table delivery.environment add column error_budget jsonb;
