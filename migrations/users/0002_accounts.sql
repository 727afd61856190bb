-- Where a session was begun or last refreshed.
alter table users.sessions add column device text;
alter table users.sessions add column ip text;

-- Sessions whose access tokens are dead before their time. A row outlives the tokens, not the session: every service
-- reads this list. The trigger also sees sessions that are deleted.
create table users.revocations (
    session_id uuid primary key,
    -- Tokens that end until then (seconds since 1970) are dead; null: all of them.
    tokens_until bigint,
    at timestamptz not null default clock_timestamp()
);
create index revocations_at on users.revocations (at);

create function users.record_revocation() returns trigger language plpgsql as $$
begin
    insert into users.revocations (session_id) values (old.id)
    on conflict (session_id) do update set tokens_until = null, at = clock_timestamp();
    return null;
end $$;
create trigger sessions_revoked after update of revoked_at on users.sessions for each row
    when (old.revoked_at is null and new.revoked_at is not null) execute function users.record_revocation();
create trigger sessions_deleted after delete on users.sessions for each row
    when (old.revoked_at is null and old.expires_at > clock_timestamp()) execute function users.record_revocation();

-- Keys of access tokens. The private half is sealed with a key that only the services' configuration has; it is null
-- for a key that the configuration itself has.
create table users.signing_keys (
    kid text primary key,
    public_jwk jsonb not null,
    sealed bytea,
    -- Published at once, used from then on: by then every service knows it.
    signs_from timestamptz not null,
    created_at timestamptz not null default users.now(),
    retired_at timestamptz
);

-- Addresses that guests gave at a checkout, until somebody shows that the mailbox is theirs.
create table users.guest_contacts (
    order_id uuid primary key,
    customer_id uuid not null references users.customers,
    email text not null,
    at timestamptz not null default users.now(),
    -- The account that has the order now.
    claimed_by uuid references users.customers
);
create index guest_contacts_unclaimed on users.guest_contacts (lower(email)) where claimed_by is null;
create index guest_contacts_of on users.guest_contacts (customer_id, at desc);
