-- Reviews have versions: an edit waits for staff again, and staff publish the version they have read.
alter table products.reviews
    add column version int not null default 1,
    add column edited_at timestamptz;
create index reviews_pending on products.reviews (coalesce(edited_at, created_at), id) where status = 'PENDING';

-- Since when a customer waits for news of a variant: earlier news is not for them.
alter table products.wishlist_items
    add column stock_since timestamptz,
    add column price_since timestamptz;
update products.wishlist_items set stock_since = case when notify_back_in_stock then added_at end,
    price_since = case when notify_price_drop then added_at end;
drop index products.wishlist_items_of_variant;
create index wishlist_items_of_variant on products.wishlist_items (variant_id, wishlist_id);

-- News whose waiting customers are still being told, from list to list.
create table products.news (
    id uuid primary key,
    kind text not null check (kind in ('BACK_IN_STOCK', 'PRICE_DROP')),
    variant_id uuid not null references products.variants,
    news jsonb not null,
    at timestamptz not null default products.now(),
    -- The last list that was told.
    told uuid
);
create index news_next on products.news (at, id);

-- Positions of approval steps, per vendor and without gaps. The database gives them out, so that no writer forgets;
-- the vendor's row stays locked until the commit, so that readers never see a later step before an earlier one.
create table products.approval_positions (
    vendor_id uuid primary key,
    last_seq int not null
);
alter table products.approval_events add column seq int;
update products.approval_events e set seq = numbered.seq from (
    select id, row_number() over (partition by vendor_id order by recorded_at, id) as seq
    from products.approval_events) numbered
where numbered.id = e.id;
insert into products.approval_positions (vendor_id, last_seq)
select vendor_id, max(seq) from products.approval_events group by vendor_id;
alter table products.approval_events alter column seq set not null;
create unique index approval_events_positions on products.approval_events (vendor_id, seq);

create function products.number_approval() returns trigger language plpgsql as
$$
begin
    insert into products.approval_positions as p (vendor_id, last_seq) values (new.vendor_id, 1)
    on conflict (vendor_id) do update set last_seq = p.last_seq + 1
    returning last_seq into new.seq;
    return new;
end
$$;
create trigger number_approval before insert on products.approval_events
    for each row execute function products.number_approval();
