-- How far a connector trusts itself, as it said when the source was made or the server started. Null: as connectors usually do.
alter table catalog.source
  add column usual_half_life_days double precision check (usual_half_life_days > 0),
  add column usual_confidence double precision check (usual_confidence between 0 and 1);
