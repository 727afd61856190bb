-- The return window of a vendor's part: agreed at the sale, begun by the delivery. The part is completed when it ends.
alter table orders.vendor_orders
    -- Absent where the sale did not say; the vendor is asked then.
    add column return_days int check (return_days >= 0),
    add column delivered_at timestamptz,
    add column completes_at timestamptz;
update orders.vendor_orders v set delivered_at = coalesce((select max(e.at) from orders.order_events e
    where e.order_id = v.order_id and e.vendor_order_id = v.id and e.to_state = 'DELIVERED'), v.placed_at)
where v.status = 'DELIVERED';
create index vendor_orders_completion on orders.vendor_orders (completes_at) where status = 'DELIVERED';
create index vendor_orders_windowless on orders.vendor_orders (id) where status = 'DELIVERED' and completes_at is null;

-- Orders of guests that a link in a mail may show. The token in the link is not kept: it is a signature.
create table orders.guest_access (
    order_id uuid primary key,
    customer_id uuid not null,
    ends_at timestamptz not null default orders.now() + interval '180 days'
);
create index guest_access_by_customer on orders.guest_access (customer_id);
create index guest_access_end on orders.guest_access (ends_at);
create trigger guest_access_skip_erased before insert on orders.guest_access
    for each row execute function orders.skip_erased('customer_id');
