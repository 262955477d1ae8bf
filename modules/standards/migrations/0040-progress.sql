-- While everything is looked at anew: how much of it has been, and of how much.
alter table standards.scorecard_state
  add column sweep_looked integer not null default 0,
  add column sweep_of integer not null default 0;
