-- What inventory knows of the catalogue. The row is also the lock of everything that changes the variant's stock:
-- whoever changes several variants locks their rows in key order.
create table inventory.variants (
    id uuid primary key,
    product_id uuid not null,
    vendor_id uuid not null,
    sku text,
    active boolean not null default true,
    -- When the catalogue last said something about it, so that an older fact that arrives late changes nothing.
    changed_at timestamptz not null default '-infinity',
    state text not null default 'OUT_OF_STOCK' check (state in ('IN_STOCK', 'LOW_STOCK', 'OUT_OF_STOCK')),
    -- Counts the changes of `state`.
    seq int not null default 0
);
create index variants_product on inventory.variants (product_id);
create index variants_vendor on inventory.variants (vendor_id);

-- Without vendor: the platform's own.
create table inventory.warehouses (
    id uuid primary key,
    vendor_id uuid,
    code text not null check (length(code) between 1 and 50),
    name text not null check (length(name) between 1 and 200),
    address jsonb not null,
    -- Smaller numbers are used first.
    priority int not null default 0,
    -- Empty: everywhere.
    serves_countries text[] not null default '{}',
    active boolean not null default true,
    version int not null default 1,
    created_at timestamptz not null default inventory.now(),
    constraint warehouses_code unique nulls not distinct (vendor_id, code)
);

create table inventory.stock_levels (
    id uuid primary key,
    variant_id uuid not null references inventory.variants,
    warehouse_id uuid not null references inventory.warehouses,
    -- Pieces in the building; reserved for checkouts; allocated to confirmed orders.
    on_hand int not null default 0 check (on_hand >= 0),
    reserved int not null default 0 check (reserved >= 0),
    allocated int not null default 0 check (allocated >= 0),
    -- Pieces that are never sold.
    safety_stock int not null default 0 check (safety_stock >= 0),
    -- At this many available pieces an alert is raised; 0: never.
    reorder_point int not null default 0 check (reorder_point >= 0),
    version int not null default 1,
    unique (variant_id, warehouse_id),
    constraint stock_levels_promised check (reserved + allocated <= on_hand)
);
create index stock_levels_warehouse on inventory.stock_levels (warehouse_id, id);

-- Append-only: the sums of the deltas are the counters of the stock level.
create table inventory.inventory_transactions (
    id uuid primary key,
    type text not null check (type in ('RECEIPT', 'ADJUSTMENT', 'RESERVE', 'RELEASE', 'ALLOCATE', 'DEALLOCATE', 'SHIP',
        'RETURN_RESTOCK', 'RETURN_WRITE_OFF', 'TRANSFER_OUT', 'TRANSFER_IN', 'COUNT')),
    variant_id uuid not null,
    warehouse_id uuid not null,
    on_hand_delta int not null,
    reserved_delta int not null,
    allocated_delta int not null,
    on_hand_after int not null,
    reserved_after int not null,
    allocated_after int not null,
    ref_type text,
    ref_id text,
    reason text,
    actor text not null,
    at timestamptz not null default inventory.now()
);
create index inventory_transactions_level on inventory.inventory_transactions (variant_id, warehouse_id, at desc, id desc);
create index inventory_transactions_warehouse on inventory.inventory_transactions (warehouse_id, at desc, id desc);
create index inventory_transactions_at on inventory.inventory_transactions (at desc, id desc);

create function inventory.refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'inventory_transactions is append-only'; end $$;
create trigger append_only before update or delete or truncate on inventory.inventory_transactions
    for each statement execute function inventory.refuse_change();

-- One per order. A released one without lines is the mark of a release that came before its reservation.
create table inventory.reservations (
    id uuid primary key,
    order_id uuid not null unique,
    status text not null check (status in ('ACTIVE', 'COMMITTED', 'RELEASED', 'EXPIRED')),
    country text,
    expires_at timestamptz not null,
    -- Does not expire any more.
    secured boolean not null default false,
    created_at timestamptz not null default inventory.now()
);
create index reservations_expiry on inventory.reservations (expires_at) where status = 'ACTIVE' and not secured;

-- Kept after the reservation ended: an expired one can be made again from them.
create table inventory.reservation_lines (
    reservation_id uuid not null references inventory.reservations,
    order_line_id uuid not null,
    variant_id uuid not null,
    warehouse_id uuid not null references inventory.warehouses,
    quantity int not null check (quantity > 0),
    primary key (reservation_id, order_line_id, warehouse_id)
);

-- What a confirmed order's line gets from which warehouse, and what became of it.
create table inventory.allocations (
    order_line_id uuid not null,
    warehouse_id uuid not null references inventory.warehouses,
    order_id uuid not null,
    variant_id uuid not null,
    quantity int not null check (quantity > 0),
    shipped int not null default 0 check (shipped >= 0),
    deallocated int not null default 0 check (deallocated >= 0),
    restocked int not null default 0 check (restocked >= 0),
    primary key (order_line_id, warehouse_id),
    check (shipped + deallocated <= quantity),
    check (restocked <= shipped)
);
create index allocations_order on inventory.allocations (order_id);

create table inventory.low_stock_alerts (
    id uuid primary key,
    variant_id uuid not null references inventory.variants,
    warehouse_id uuid not null references inventory.warehouses,
    vendor_id uuid not null,
    available int not null,
    threshold int not null,
    status text not null default 'OPEN' check (status in ('OPEN', 'ACKNOWLEDGED', 'RESOLVED')),
    raised_at timestamptz not null default inventory.now(),
    resolved_at timestamptz
);
create unique index low_stock_alerts_open on inventory.low_stock_alerts (variant_id, warehouse_id)
    where status <> 'RESOLVED';
create index low_stock_alerts_vendor on inventory.low_stock_alerts (vendor_id, raised_at desc, id desc);
create index low_stock_alerts_raised on inventory.low_stock_alerts (raised_at desc, id desc);

-- Without vendor: the platform's own.
create table inventory.suppliers (
    id uuid primary key,
    vendor_id uuid,
    name text not null check (length(name) between 1 and 200),
    email text,
    lead_time_days int check (lead_time_days between 0 and 3650),
    currency text not null,
    active boolean not null default true,
    version int not null default 1,
    created_at timestamptz not null default inventory.now()
);
create index suppliers_vendor on inventory.suppliers (vendor_id);

create table inventory.purchase_orders (
    id uuid primary key,
    supplier_id uuid not null references inventory.suppliers,
    warehouse_id uuid not null references inventory.warehouses,
    status text not null check (status in ('DRAFT', 'ORDERED', 'PARTIALLY_RECEIVED', 'RECEIVED', 'CANCELED')),
    currency text not null,
    total bigint not null check (total >= 0),
    expected_at date,
    version int not null default 1,
    created_at timestamptz not null default inventory.now()
);
create index purchase_orders_supplier on inventory.purchase_orders (supplier_id, created_at desc);

create table inventory.purchase_order_lines (
    purchase_order_id uuid not null references inventory.purchase_orders,
    variant_id uuid not null references inventory.variants,
    position int not null,
    quantity int not null check (quantity > 0),
    received_quantity int not null default 0 check (received_quantity between 0 and quantity),
    -- Minor units of the order's currency, for one piece.
    unit_cost bigint not null check (unit_cost >= 0),
    primary key (purchase_order_id, variant_id)
);
create index purchase_order_lines_open on inventory.purchase_order_lines (variant_id)
    where received_quantity < quantity;
