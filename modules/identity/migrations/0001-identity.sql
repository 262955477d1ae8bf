create schema identity;

create table identity.user_account (
  id text primary key,
  username text not null unique,
  display_name text not null,
  email text,
  role text not null check (role in ('viewer', 'developer', 'admin')),
  -- The catalogue's user entity, when one is linked.
  entity_ref text,
  -- argon2id in PHC form; absent until a password is chosen, and for accounts that sign in elsewhere.
  password_hash text,
  -- `issuer subject` of the sign-in provider, when the account came from there.
  oidc_subject text unique,
  disabled boolean not null default false,
  created_at timestamptz not null
);

create table identity.session (
  -- SHA-256 of the cookie; the cookie itself is kept nowhere.
  hash bytea primary key,
  user_id text not null references identity.user_account (id) on delete cascade,
  method text not null check (method in ('link', 'password', 'oidc')),
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index session_by_user on identity.session (user_id);
create index session_by_expiry on identity.session (expires_at);

create table identity.access_token (
  id text primary key,
  name text not null,
  kind text not null check (kind in ('personal', 'service', 'agent')),
  -- Whose it is; absent for tokens that the server makes for itself.
  owner_id text references identity.user_account (id) on delete cascade,
  scopes text[] not null,
  hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index access_token_by_owner on identity.access_token (owner_id, id);

create table identity.sign_in_link (
  hash bytea primary key,
  user_id text not null references identity.user_account (id) on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz
);

-- Failed sign-ins of the last minutes, by username and by address, so that all server processes count together.
create table identity.failed_sign_in (
  key text not null,
  at timestamptz not null
);
create index failed_sign_in_by_key on identity.failed_sign_in (key, at);
