-- Which alert of another system an incident stands for: one that is sent again is the same incident.
alter table telemetry.incident add column fingerprint text;

create unique index incident_by_alert on telemetry.incident (fingerprint, opened_at) where fingerprint is not null;
