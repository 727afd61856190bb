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

-- Lists by rating compare the keys of cursors, which are 64 bits wide; the old index was of no use to them. Best sellers
-- had none.
drop index products.products_best_rated;
create index products_best_rated on products.products ((rating_milli::bigint) desc, id desc) where visible;
create index products_best_selling on products.products (sold desc, id desc) where visible;
