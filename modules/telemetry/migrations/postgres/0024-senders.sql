-- Who sends telemetry, what was taken and refused of each, and what each may send. Added up by every server.
create table telemetry.sender (
  id text primary key,
  name text not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  requests bigint not null default 0,
  rows bigint not null default 0,
  bytes bigint not null default 0,
  refused_requests bigint not null default 0,
  refused_rows bigint not null default 0,
  -- Absent: what everybody may.
  megabytes_per_minute double precision check (megabytes_per_minute > 0),
  rows_per_minute bigint check (rows_per_minute > 0),
  label_values integer check (label_values > 0),
  changed_by text,
  changed_at timestamptz
);

create table telemetry.sender_refusal (
  sender text not null references telemetry.sender on delete cascade,
  -- The sort of reason, without the times and numbers in it.
  kind text not null,
  reason text not null,
  requests bigint not null,
  rows bigint not null,
  last_at timestamptz not null,
  primary key (sender, kind)
);

create table telemetry.sender_label (
  sender text not null references telemetry.sender on delete cascade,
  metric text not null,
  label text not null,
  refused_rows bigint not null,
  example text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (sender, metric, label)
);
