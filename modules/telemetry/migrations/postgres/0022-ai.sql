-- What the organisation pays for models, per million tokens in USD, from one time until another.
create table telemetry.price (
  id text primary key,
  provider text,
  model text not null,
  input numeric(20, 12) not null check (input >= 0),
  output numeric(20, 12) not null check (output >= 0),
  cache_read numeric(20, 12) check (cache_read >= 0),
  cache_write numeric(20, 12) check (cache_write >= 0),
  cache_write_hour numeric(20, 12) check (cache_write_hour >= 0),
  valid_from timestamptz not null,
  valid_to timestamptz check (valid_to > valid_from),
  reason text,
  changed_by text not null,
  changed_at timestamptz not null
);

create index price_by_model on telemetry.price (model, valid_from);

-- Teams that let the content of their prompts and answers be stored. Nobody who is not here does.
create table telemetry.capture (
  team text primary key,
  captures boolean not null,
  reason text,
  changed_by text not null,
  changed_at timestamptz not null
);
