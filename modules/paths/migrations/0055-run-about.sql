-- What a run is about: the entity that its answers name, and those that it makes. Who may not see one of them does not see the run, unless
-- they asked for it. References in lower case, as the catalogue writes them.
alter table paths.run add column about text[] not null default '{}';
create index run_by_about on paths.run using gin (about);

update paths.run r set about = found.refs
from (
  select known.run_id, array_agg(distinct known.ref) as refs
  from (
    select id as run_id, lower(entity_ref) as ref from paths.run
    union all select run_id, lower(entity_ref) from paths.approval
    union all select run_id, lower(entity_ref) from paths.made
    union all select run_id, lower(entity_ref) from paths.resource
    union all select run_id, lower(output ->> 'entityRef') from paths.run_step
    union all select id, lower(shown_values ->> (path #>> '{promises,appliesTo,parameter}')) from paths.run
      where path #>> '{promises,operation}' in ('day-2', 'delete')
  ) known
  where known.ref like '%:%'
  group by known.run_id
) found
where found.run_id = r.id;
