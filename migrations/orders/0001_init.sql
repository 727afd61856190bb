-- Carts, quotes, the checkout saga, orders, vendor orders and refunds.
create sequence orders.order_numbers start 100001;

create table orders.carts (
    id uuid primary key,
    customer_id uuid not null,
    status text not null check (status in ('ACTIVE', 'LOCKED', 'ORDERED', 'MERGED', 'ABANDONED', 'EXPIRED')),
    currency text not null,
    -- VIP tier of whoever last changed the cart; its prices apply.
    tier text,
    coupon_codes text[] not null default '{}',
    coupon_ids uuid[] not null default '{}',
    loyalty_points int not null default 0 check (loyalty_points >= 0),
    shipping_address jsonb,
    billing_address jsonb,
    -- The quote for the cart as it is; every edit clears it.
    quote_id uuid,
    version int not null default 1,
    created_at timestamptz not null default orders.now(),
    expires_at timestamptz not null default orders.now() + interval '30 days'
);
create unique index carts_active on orders.carts (customer_id) where status = 'ACTIVE';
create index carts_expiry on orders.carts (expires_at) where status = 'ACTIVE';

create table orders.cart_lines (
    id uuid primary key,
    cart_id uuid not null references orders.carts,
    variant_id uuid not null,
    vendor_id uuid not null,
    quantity int not null check (quantity between 1 and 999),
    unit_price bigint not null check (unit_price >= 0),
    unit_price_when_added bigint not null check (unit_price_when_added >= 0),
    note text,
    unique (cart_id, variant_id)
);

create table orders.cart_deliveries (
    cart_id uuid not null references orders.carts,
    vendor_id uuid not null,
    method_id uuid not null,
    rate bigint not null check (rate >= 0),
    primary key (cart_id, vendor_id)
);

create table orders.quotes (
    id uuid primary key,
    cart_id uuid not null references orders.carts,
    hash text not null,
    body jsonb not null,
    created_at timestamptz not null default orders.now(),
    expires_at timestamptz not null
);
create index quotes_cart on orders.quotes (cart_id);

-- Millionths of the price. With `included`, prices contain the tax; otherwise it is added. No row: no tax.
create table orders.tax_rates (
    country text not null,
    tax_category text not null,
    rate_micros int not null check (rate_micros between 0 and 1000000),
    included boolean not null,
    primary key (country, tax_category)
);
insert into orders.tax_rates (country, tax_category, rate_micros, included) values
    ('GB', 'standard', 200000, true),
    ('DE', 'standard', 190000, true), ('DE', 'reduced', 70000, true),
    ('FR', 'standard', 200000, true), ('FR', 'reduced', 55000, true),
    ('IE', 'standard', 230000, true), ('NL', 'standard', 210000, true),
    ('ES', 'standard', 210000, true), ('IT', 'standard', 220000, true);

create table orders.orders (
    id uuid primary key,
    number text not null unique,
    customer_id uuid not null,
    cart_id uuid,
    -- Where an imported order comes from.
    source text,
    reference text,
    status text not null check (status in ('PENDING_PAYMENT', 'CONFIRMED', 'ON_HOLD', 'PARTIALLY_FULFILLED',
        'FULFILLED', 'DELIVERED', 'COMPLETED', 'CANCELED', 'EXPIRED')),
    currency text not null,
    subtotal bigint not null check (subtotal >= 0),
    discount bigint not null check (discount >= 0),
    loyalty bigint not null check (loyalty >= 0),
    shipping bigint not null check (shipping >= 0),
    tax bigint not null check (tax >= 0),
    total bigint not null check (total >= 0),
    -- Money that has gone back.
    refunded_total bigint not null default 0 check (refunded_total >= 0 and refunded_total <= total),
    -- Money that refunds were approved for.
    refund_approved bigint not null default 0 check (refund_approved >= 0 and refund_approved <= total),
    shipping_address jsonb not null,
    billing_address jsonb not null,
    coupon_ids uuid[] not null default '{}',
    loyalty_points int not null default 0,
    cancel_reason text,
    event_seq bigint not null default 0,
    version int not null default 1,
    placed_at timestamptz not null default orders.now(),
    updated_at timestamptz not null default orders.now(),
    unique (source, reference)
);
create index orders_by_customer on orders.orders (customer_id, placed_at desc, id desc);
create index orders_by_time on orders.orders (placed_at desc, id desc);

create table orders.vendor_orders (
    id uuid primary key,
    order_id uuid not null references orders.orders,
    number text not null unique,
    position int not null,
    vendor_id uuid not null,
    status text not null check (status in ('PENDING', 'AWAITING_ACCEPTANCE', 'ACCEPTED', 'PROCESSING',
        'PARTIALLY_SHIPPED', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'REJECTED', 'CANCELED')),
    method_id uuid,
    currency text not null,
    subtotal bigint not null,
    platform_discount bigint not null,
    vendor_discount bigint not null,
    loyalty bigint not null,
    shipping bigint not null,
    shipping_refunded bigint not null default 0 check (shipping_refunded between 0 and shipping),
    tax bigint not null,
    -- Part of the tax that the prices contain.
    tax_included bigint not null,
    total bigint not null,
    commission bigint,
    vendor_net bigint,
    accept_by timestamptz,
    version int not null default 1,
    placed_at timestamptz not null default orders.now(),
    opened_at timestamptz,
    unique (order_id, vendor_id)
);
create index vendor_orders_by_vendor on orders.vendor_orders (vendor_id, placed_at desc, id desc);
create index vendor_orders_unanswered on orders.vendor_orders (accept_by) where status = 'AWAITING_ACCEPTANCE';

create table orders.order_lines (
    id uuid primary key,
    order_id uuid not null references orders.orders,
    vendor_order_id uuid not null references orders.vendor_orders,
    position int not null,
    product_id uuid not null,
    variant_id uuid not null,
    product_name text not null,
    variant_name text not null,
    sku text not null,
    image_url text,
    quantity int not null check (quantity > 0),
    fulfilled_quantity int not null default 0 check (fulfilled_quantity >= 0),
    delivered_quantity int not null default 0 check (delivered_quantity between 0 and fulfilled_quantity),
    returned_quantity int not null default 0 check (returned_quantity between 0 and fulfilled_quantity),
    refunded_quantity int not null default 0 check (refunded_quantity between 0 and quantity),
    canceled_quantity int not null default 0 check (canceled_quantity >= 0),
    unit_price bigint not null check (unit_price >= 0),
    platform_discount bigint not null check (platform_discount >= 0),
    vendor_discount bigint not null check (vendor_discount >= 0),
    loyalty bigint not null check (loyalty >= 0),
    tax bigint not null check (tax >= 0),
    total bigint not null check (total >= 0),
    -- Part of the total that refunds were approved for.
    refunded_amount bigint not null default 0 check (refunded_amount between 0 and total),
    check (fulfilled_quantity + canceled_quantity <= quantity)
);
create index order_lines_by_order on orders.order_lines (order_id, position);
create index order_lines_by_vendor_order on orders.order_lines (vendor_order_id, position);

create table orders.order_events (
    order_id uuid not null references orders.orders,
    seq bigint not null,
    id uuid not null unique,
    type text not null,
    vendor_order_id uuid,
    from_state text,
    to_state text,
    actor text,
    note text,
    is_public boolean not null,
    at timestamptz not null default orders.now(),
    primary key (order_id, seq)
);

-- The durable checkout: one row per run, and one live run per cart.
create table orders.sagas (
    id uuid primary key,
    kind text not null check (kind in ('CHECKOUT', 'IMPORT')),
    actor text not null,
    key text not null,
    request_hash bytea not null,
    customer_id uuid not null,
    cart_id uuid,
    order_id uuid not null unique,
    status text not null check (status in ('RUNNING', 'AWAITING_PAYMENT', 'COMMITTING', 'COMPLETED', 'COMPENSATING',
        'COMPENSATED', 'STUCK')),
    -- The step to be done next or, while compensating, to be undone next.
    step text not null,
    plan jsonb not null,
    failure jsonb,
    attempts int not null default 0,
    last_error text,
    deadline timestamptz,
    next_attempt_at timestamptz not null default pg_catalog.now(),
    -- Something happened while the saga was being driven: do not wait.
    woken boolean not null default false,
    lease_owner uuid,
    lease_until timestamptz,
    created_at timestamptz not null default pg_catalog.now(),
    unique (actor, key)
);
create unique index sagas_live on orders.sagas (cart_id)
    where status not in ('COMPLETED', 'COMPENSATED') and cart_id is not null;
create index sagas_due on orders.sagas (next_attempt_at) where status not in ('COMPLETED', 'COMPENSATED');

create table orders.saga_steps (
    saga_id uuid not null references orders.sagas,
    name text not null,
    state text not null check (state in ('DONE', 'REFUSED', 'COMPENSATED')),
    started_at timestamptz not null,
    finished_at timestamptz not null,
    error text,
    primary key (saga_id, name)
);

create table orders.refunds (
    id uuid primary key,
    order_id uuid not null references orders.orders,
    vendor_order_id uuid references orders.vendor_orders,
    status text not null check (status in ('REQUESTED', 'APPROVED', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'REJECTED',
        'CANCELED')),
    reason text not null,
    shipping bigint not null check (shipping >= 0),
    total bigint not null check (total >= 0),
    currency text not null,
    requested_by text not null,
    note text,
    source text,
    reference text,
    version int not null default 1,
    created_at timestamptz not null default orders.now(),
    unique (source, reference)
);
create index refunds_by_order on orders.refunds (order_id);
create index refunds_by_time on orders.refunds (created_at desc, id desc);

create table orders.refund_lines (
    refund_id uuid not null references orders.refunds,
    order_line_id uuid not null references orders.order_lines,
    quantity int not null check (quantity > 0),
    amount bigint not null check (amount >= 0),
    restock boolean not null,
    primary key (refund_id, order_line_id)
);

-- A refund's amount for each vendor order.
create table orders.refund_parts (
    refund_id uuid not null references orders.refunds,
    vendor_order_id uuid not null references orders.vendor_orders,
    vendor_id uuid not null,
    amount bigint not null check (amount >= 0),
    shipping bigint not null check (shipping >= 0),
    primary key (refund_id, vendor_order_id)
);

-- Commands to other services that follow from a committed decision; sent until they are answered.
create table orders.tasks (
    id uuid primary key,
    order_id uuid not null,
    body jsonb not null,
    origin_at timestamptz,
    attempts int not null default 0,
    last_error text,
    next_attempt_at timestamptz not null default pg_catalog.now()
);
create index tasks_due on orders.tasks (next_attempt_at);

create table orders.adjustments (
    source text not null,
    reference text not null,
    at timestamptz not null,
    kind text not null,
    description text not null,
    currency text not null,
    amount_millis bigint not null,
    primary key (source, reference)
);
