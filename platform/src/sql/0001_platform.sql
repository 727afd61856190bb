-- Business time: the database's clock, or the moment that an import replays in this transaction.
create function {schema}.now() returns timestamptz language sql stable as
$$ select coalesce(nullif(current_setting('agora.now', true), '')::timestamptz, pg_catalog.now()) $$;

-- Facts of this service. A row stays until every consumer has confirmed its effect, and a week longer for replays.
create table {schema}.outbox (
    id uuid primary key,
    topic text not null,
    key text not null,
    payload jsonb not null,
    origin text not null,
    traceparent text,
    occurred_at timestamptz not null,
    -- Last time the row was handed to the bus, which may lose it.
    published_at timestamptz,
    confirmed_at timestamptz
);
create index outbox_unpublished on {schema}.outbox (id) where published_at is null;
create index outbox_unconfirmed on {schema}.outbox (id) where confirmed_at is null and published_at is not null;

-- Facts of other services that had their effect here.
create table {schema}.inbox (
    event_id uuid primary key,
    topic text not null,
    received_at timestamptz not null default pg_catalog.now()
);

-- Facts whose handler failed; after `dead_at` they are not tried again by themselves.
create table {schema}.dead_letters (
    event_id uuid primary key,
    envelope jsonb not null,
    attempts int not null default 1,
    error text not null,
    failed_at timestamptz not null default pg_catalog.now(),
    dead_at timestamptz
);

create table {schema}.idempotency_keys (
    actor text not null,
    operation text not null,
    key text not null check (length(key) between 1 and 255),
    request_hash bytea not null,
    response jsonb,
    created_at timestamptz not null default pg_catalog.now(),
    primary key (actor, operation, key)
);
create index idempotency_keys_age on {schema}.idempotency_keys (created_at);
