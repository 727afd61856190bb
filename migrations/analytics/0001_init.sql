-- Everything that happened, as it was told: facts of other services and what storefronts track. Append-only.
create table analytics.events (
    id uuid primary key,
    type text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default pg_catalog.now(),
    -- Typed IDs, as clients see them.
    actor_id text,
    session_id text,
    subject_id text,
    payload jsonb not null default '{}',
    -- Tracked by a storefront, not told by a service.
    tracked boolean not null default false,
    -- What the client calls its event: makes a repeated batch harmless.
    client_event_id text
);
create index events_time on analytics.events (occurred_at desc, id desc);
create index events_type on analytics.events (type, occurred_at desc, id desc);
create index events_subject on analytics.events (subject_id, occurred_at desc, id desc) where subject_id is not null;
create index events_session on analytics.events (session_id, occurred_at) where session_id is not null;
create index events_tracked on analytics.events (occurred_at, type) where tracked;
create unique index events_client on analytics.events (session_id, client_event_id) where client_event_id is not null;

create function analytics.refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'append-only'; end $$;
create trigger events_append_only before update on analytics.events
    for each row execute function analytics.refuse_change();

-- One hash chain per order, vendor or customer: what happens to an order's payments, refunds and shipments is part of
-- its chain. An entry's hash covers its content, the hash of the fact's payload, and the hash before it.
create table analytics.audit_heads (
    chain_id text primary key,
    seq bigint not null default 0,
    hash bytea not null default '\x'
);
create table analytics.audit_entries (
    chain_id text not null,
    seq bigint not null,
    event_id uuid not null unique,
    entity_id text not null,
    entity_type text not null,
    service text not null,
    action text not null,
    actor text not null,
    before text,
    after text,
    at timestamptz not null,
    payload_hash bytea not null,
    hash bytea not null,
    primary key (chain_id, seq)
);
create index audit_entity on analytics.audit_entries (entity_id, seq) where entity_id <> chain_id;
create trigger audit_append_only before update or delete on analytics.audit_entries
    for each row execute function analytics.refuse_change();

-- Sales, one row per confirmed order, frozen as charged.
create table analytics.sales (
    order_id uuid primary key,
    customer_id uuid not null,
    currency text not null,
    total bigint not null,
    at timestamptz not null
);
create index sales_customer on analytics.sales (customer_id, currency);

-- The same by vendor; `vendor_id` is all zeros for the whole order, whose row is not the sum of discounts by line.
create table analytics.sale_parts (
    order_id uuid not null references analytics.sales on delete cascade,
    vendor_id uuid not null,
    currency text not null,
    units bigint not null,
    discount bigint not null,
    total bigint not null,
    at timestamptz not null,
    primary key (order_id, vendor_id)
);
create index sale_parts_at on analytics.sale_parts (vendor_id, currency, at);

create table analytics.sale_lines (
    line_id uuid primary key,
    order_id uuid not null references analytics.sales on delete cascade,
    vendor_id uuid not null,
    product_id uuid not null,
    variant_id uuid not null,
    currency text not null,
    quantity int not null,
    total bigint not null,
    at timestamptz not null
);
create index sale_lines_order on analytics.sale_lines (order_id);
create index sale_lines_product on analytics.sale_lines (product_id, at);

create table analytics.refunds (
    refund_id uuid primary key,
    order_id uuid not null,
    customer_id uuid not null,
    currency text not null,
    total bigint not null,
    at timestamptz not null
);
create index refunds_customer on analytics.refunds (customer_id, currency);

create table analytics.refund_parts (
    refund_id uuid not null references analytics.refunds on delete cascade,
    vendor_id uuid not null,
    currency text not null,
    total bigint not null,
    at timestamptz not null,
    primary key (refund_id, vendor_id)
);
create index refund_parts_at on analytics.refund_parts (vendor_id, currency, at);

-- Rollups by hour, currency and vendor (all zeros: the marketplace), kept with each fact.
create table analytics.sales_hours (
    vendor_id uuid not null,
    currency text not null,
    hour timestamptz not null,
    orders bigint not null default 0,
    units bigint not null default 0,
    gross bigint not null default 0,
    discounts bigint not null default 0,
    refunds bigint not null default 0,
    primary key (vendor_id, currency, hour)
);

-- Rollups of products by day.
create table analytics.product_days (
    product_id uuid not null,
    day date not null,
    views bigint not null default 0,
    adds_to_cart bigint not null default 0,
    units bigint not null default 0,
    primary key (product_id, day)
);
create index product_days_day on analytics.product_days (day);

-- What a customer looked at last, one row per product.
create table analytics.recently_viewed (
    customer_id uuid not null,
    product_id uuid not null,
    viewed_at timestamptz not null,
    primary key (customer_id, product_id)
);
create index recently_viewed_at on analytics.recently_viewed (customer_id, viewed_at desc);

create table analytics.dashboards (
    id uuid primary key,
    name text not null,
    owner_id uuid not null,
    -- Whose sales it shows; absent: the marketplace's.
    vendor_id uuid,
    widgets jsonb not null,
    version int not null default 1,
    created_at timestamptz not null default analytics.now()
);
create index dashboards_owner on analytics.dashboards (owner_id);
create index dashboards_vendor on analytics.dashboards (vendor_id) where vendor_id is not null;
