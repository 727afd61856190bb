-- Where parcels go, in terms of destinations. No countries: everywhere.
create table shipping.zones (
    id uuid primary key,
    name text not null check (length(name) between 1 and 100),
    countries text[] not null,
    regions text[] not null,
    postal_patterns text[] not null,
    version int not null default 1,
    created_at timestamptz not null default shipping.now(),
    updated_at timestamptz not null default shipping.now()
);

-- Ways to ship. Without a vendor, every vendor offers it.
create table shipping.methods (
    id uuid primary key,
    vendor_id uuid,
    name text not null check (length(name) between 1 and 100),
    carrier text,
    min_days int not null check (min_days >= 0),
    max_days int not null check (max_days between min_days and 365),
    active boolean not null default true,
    version int not null default 1,
    created_at timestamptz not null default shipping.now(),
    updated_at timestamptz not null default shipping.now()
);
create index methods_vendor on shipping.methods (vendor_id) where active;

create table shipping.rates (
    method_id uuid not null references shipping.methods on delete cascade,
    position int not null,
    zone_id uuid not null references shipping.zones,
    kind text not null check (kind in ('FLAT', 'BY_WEIGHT', 'BY_SUBTOTAL', 'FREE_OVER')),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    base bigint not null check (base >= 0),
    per_kg bigint check (per_kg >= 0),
    free_over bigint check (free_over > 0),
    min_weight_grams int check (min_weight_grams >= 0),
    max_weight_grams int check (max_weight_grams >= coalesce(min_weight_grams, 0)),
    primary key (method_id, position),
    check (kind <> 'BY_WEIGHT' or per_kg is not null),
    check (kind not in ('BY_SUBTOTAL', 'FREE_OVER') or free_over is not null)
);
create index rates_zone on shipping.rates (zone_id);

-- One row per order with shipments: the lock under which pieces are counted, and the counter of its events.
create table shipping.orders (
    id uuid primary key,
    customer_id uuid not null,
    last_seq bigint not null default 0
);

create table shipping.shipments (
    id uuid primary key,
    number text not null unique,
    order_id uuid not null references shipping.orders,
    vendor_order_id uuid not null,
    vendor_id uuid not null,
    customer_id uuid not null,
    status text not null check (status in ('DRAFT', 'READY', 'LABEL_PURCHASED', 'IN_TRANSIT', 'OUT_FOR_DELIVERY',
        'DELIVERED', 'DELIVERY_FAILED', 'RETURNED_TO_SENDER', 'LOST', 'CANCELED')),
    method_id uuid references shipping.methods,
    carrier text,
    tracking_number text,
    shipped_at timestamptz,
    delivered_at timestamptz,
    -- Time of the newest carrier scan that moved the state; an older scan is late.
    scanned_at timestamptz,
    imported boolean not null default false,
    version int not null default 1,
    created_at timestamptz not null default shipping.now()
);
create index shipments_order on shipping.shipments (order_id);
create index shipments_vendor_order on shipping.shipments (vendor_order_id);
-- A vendor order is imported once.
create unique index shipments_imported on shipping.shipments (vendor_order_id) where imported;
create index shipments_vendor on shipping.shipments (vendor_id, id);
create index shipments_tracking on shipping.shipments (tracking_number) where tracking_number is not null;

create table shipping.shipment_items (
    shipment_id uuid not null references shipping.shipments,
    order_line_id uuid not null,
    quantity int not null check (quantity > 0),
    primary key (shipment_id, order_line_id)
);

-- What happened to shipments, in the order in which it became known: `seq` counts per order, without gaps.
create table shipping.shipment_events (
    id uuid primary key,
    order_id uuid not null references shipping.orders,
    seq bigint not null,
    shipment_id uuid not null references shipping.shipments,
    status text not null,
    description text,
    location text,
    occurred_at timestamptz not null,
    source text not null check (source in ('VENDOR', 'STAFF', 'IMPORT')),
    recorded_at timestamptz not null default shipping.now(),
    unique (order_id, seq)
);
create index shipment_events_shipment on shipping.shipment_events (shipment_id, occurred_at, seq);
