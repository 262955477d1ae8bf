-- The decisions about an entity, newest first.
create index decision_by_entity on standards.decision using gin (entities);
