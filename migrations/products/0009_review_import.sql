-- Reviews that a shop brings along from where it was before. Their authors need no account here, only a name.
alter table products.reviews
    alter column customer_id drop not null,
    add column author_name text,
    add column locale text,
    -- Name of the review where it comes from: the same file again finds it.
    add column external_key text;
create unique index reviews_external on products.reviews (external_key) where external_key is not null;

-- A file with reviews is an import like one with products, but of the shop and not of a vendor.
alter table products.catalog_imports
    alter column vendor_id drop not null,
    add column subject text not null default 'CATALOG' check (subject in ('CATALOG', 'REVIEWS')),
    add constraint catalog_imports_owner check ((subject = 'CATALOG') = (vendor_id is not null));
create index catalog_imports_of_shop on products.catalog_imports (created_at desc, id desc) where vendor_id is null;
alter table products.catalog_import_lines add column review_id uuid;

-- What other services answered about customers and orders that a file of reviews names: no other service is asked while
-- rows are locked. Gone when the import has ended.
create table products.review_import_facts (
    import_id uuid not null references products.catalog_imports on delete cascade,
    kind text not null check (kind in ('CUSTOMER', 'ORDER')),
    -- ID of the customer, number of the order.
    name text not null,
    -- Null: there is none.
    customer_id uuid,
    -- Products of the order that have arrived.
    product_ids uuid[] not null default '{}',
    primary key (import_id, kind, name)
);

-- What the published reviews of a vendor's products on sale add up to: how many have 1 to 5 stars. Kept by every change
-- of a product's sums or of its being on sale, so that nobody adds up a hundred thousand products for one page.
create table products.vendor_ratings (
    vendor_id uuid primary key,
    histogram bigint[] not null check (cardinality(histogram) = 5)
) with (fillfactor = 70);
insert into products.vendor_ratings (vendor_id, histogram)
select vendor_id, array[sum(rating_histogram[1]), sum(rating_histogram[2]), sum(rating_histogram[3]),
    sum(rating_histogram[4]), sum(rating_histogram[5])]::bigint[]
from products.products where visible and rating_count > 0 group by vendor_id;

create function products.sum_vendor_ratings() returns trigger language plpgsql as
$$
begin
    insert into products.vendor_ratings as v (vendor_id, histogram)
    select vendor_id, array[sum(n * h[1]), sum(n * h[2]), sum(n * h[3]), sum(n * h[4]), sum(n * h[5])]::bigint[] as h
    from (select vendor_id, rating_histogram as h, 1 as n from changed where visible and rating_count > 0
        union all select vendor_id, rating_histogram, -1 from former where visible and rating_count > 0) moved
    group by vendor_id
    having array[sum(n * h[1]), sum(n * h[2]), sum(n * h[3]), sum(n * h[4]), sum(n * h[5])] <> array[0, 0, 0, 0, 0]::bigint[]
    order by vendor_id
    on conflict (vendor_id) do update set histogram = array[v.histogram[1] + excluded.histogram[1],
        v.histogram[2] + excluded.histogram[2], v.histogram[3] + excluded.histogram[3],
        v.histogram[4] + excluded.histogram[4], v.histogram[5] + excluded.histogram[5]];
    return null;
end
$$;
-- New products have no reviews, and none is deleted.
create trigger sum_vendor_ratings after update on products.products
    referencing old table as former new table as changed for each statement execute function products.sum_vendor_ratings();
