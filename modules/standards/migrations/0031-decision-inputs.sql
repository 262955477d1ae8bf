-- What a decision was about, without what is secret, so that it can be asked again. One row per content; kept for 90 days after its
-- last use, while the decision itself stays.
create table standards.decision_input (
  digest text primary key,
  body bytea not null,
  -- Whether anything was taken out of it before it was kept.
  redacted boolean not null,
  used_at timestamptz not null
);
create index decision_input_by_use on standards.decision_input (used_at);

-- `input`: kept (as long as its row is there), too large to be kept, or none: from before inputs were kept.
alter table standards.decision
  add column entities text[] not null default '{}',
  add column team text,
  add column details jsonb not null default '{}',
  add column input text not null default 'none' check (input in ('kept', 'too large', 'none')),
  add column kept_digest text;
