-- Copies of a person's data, and the erasure of people.

create table users.exports (
    id uuid primary key,
    user_id uuid not null references users.users,
    -- The login of whoever asked: the owner, or staff on the owner's behalf.
    requested_by text not null,
    status text not null default 'PENDING' check (status in ('PENDING', 'READY', 'FAILED', 'EXPIRED')),
    archive bytea,
    sha256 bytea,
    attempts int not null default 0,
    last_error text,
    next_attempt_at timestamptz not null default pg_catalog.now(),
    requested_at timestamptz not null default users.now(),
    ready_at timestamptz,
    expires_at timestamptz,
    -- When the mail about it was handed over.
    told_at timestamptz,
    check ((status = 'READY') = (archive is not null))
);
create unique index exports_pending on users.exports (user_id) where status = 'PENDING';
create index exports_of on users.exports (user_id, requested_at desc);
create index exports_due on users.exports (next_attempt_at)
    where status = 'PENDING' or (status = 'READY' and told_at is null);

-- What each service has answered, until the archive is made of it.
create table users.export_parts (
    export_id uuid not null references users.exports on delete cascade,
    service text not null,
    documents jsonb not null,
    primary key (export_id, service)
);

-- Secrets sent by mail with which an account is deleted.
create table users.erasure_tokens (
    hash bytea primary key,
    user_id uuid not null references users.users,
    created_at timestamptz not null default users.now(),
    expires_at timestamptz not null default users.now() + interval '30 minutes',
    used_at timestamptz
);
create index erasure_tokens_of on users.erasure_tokens (user_id);

-- The erasure of one person, over all services. It goes round twice: what was under way in the first round, under a
-- token that had not ended yet, goes in the second. The row stays, as the proof that it was done.
create table users.erasures (
    user_id uuid primary key references users.users,
    -- IDs only; kept because the second round finds nothing to read them from.
    person jsonb,
    round int not null default 1 check (round in (1, 2)),
    -- Services that have erased in this round.
    erased text[] not null default '{}',
    status text not null default 'RUNNING' check (status in ('RUNNING', 'WAITING', 'DONE')),
    waits_for text,
    attempts int not null default 0,
    last_error text,
    next_attempt_at timestamptz not null default pg_catalog.now(),
    confirmed_at timestamptz not null default users.now(),
    erased_at timestamptz
);
create index erasures_due on users.erasures (next_attempt_at) where status <> 'DONE';

-- An account that is being deleted is not opened again.
create function users.stay_closed() returns trigger language plpgsql as $$
begin
    if new.active and exists (select from users.erasures where user_id = new.id) then
        new.active := false;
    end if;
    return new;
end $$;
create trigger users_stay_closed before update of active on users.users
    for each row when (new.active) execute function users.stay_closed();

create trigger addresses_skip_erased before insert on users.addresses
    for each row execute function users.skip_erased('customer_id');

-- The ledger of points stays as it is but for the words in it, which an erasure takes out.
create or replace function users.refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and current_setting('users.erasing', true) = 'on'
        and to_jsonb(new) - 'reason' = to_jsonb(old) - 'reason' and to_jsonb(new) ->> 'reason' is null then
        return new;
    end if;
    raise exception '% is append-only', tg_table_name;
end $$;
