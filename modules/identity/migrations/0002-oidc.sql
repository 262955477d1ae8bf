-- References of the groups that the sign-in provider named at the last sign-in.
alter table identity.user_account add column provider_groups text[] not null default '{}';

-- Sign-ins that were begun at the provider: found again by the browser's cookie, used once, forgotten after minutes.
create table identity.oidc_attempt (
  hash bytea primary key,
  state text not null,
  nonce text not null,
  code_verifier text not null,
  return_to text not null,
  expires_at timestamptz not null
);
