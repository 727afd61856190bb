create extension if not exists pg_trgm with schema public;
create extension if not exists unaccent with schema public;

-- Text as it is compared: lower case, without accents. Immutable because the dictionary is fixed by name.
create function products.plain(value text) returns text language sql immutable strict parallel safe as
$$ select lower(public.unaccent('public.unaccent', value)) $$;

-- What this service knows of vendors. Unknown: may not sell.
create table products.vendors (
    id uuid primary key,
    approved boolean not null,
    changed_at timestamptz not null
);

create table products.categories (
    id uuid primary key,
    slug text not null unique,
    name text not null,
    parent_id uuid references products.categories,
    created_at timestamptz not null default products.now(),
    check (parent_id <> id)
);
create index categories_by_parent on products.categories (parent_id, name);

-- A category and all below it.
create function products.subtree(root uuid) returns setof uuid language sql stable parallel safe rows 10 as
$$
    with recursive tree(id) as (
        select root
        union
        select c.id from products.categories c join tree on c.parent_id = tree.id
    )
    select id from tree
$$;

create table products.brands (
    id uuid primary key,
    slug text not null unique,
    name text not null,
    created_at timestamptz not null default products.now()
);
create index brands_by_name on products.brands (lower(name), id);

-- Properties beyond the typed kinds. A new one is a row, not a release.
create table products.attributes (
    id uuid primary key,
    code text not null unique,
    label text not null,
    type text not null check (type in ('TEXT', 'NUMBER', 'BOOLEAN')),
    unit text,
    filterable boolean not null default true,
    -- Kinds of product it fits; empty: all.
    kinds text[] not null default '{}'
);
insert into products.attributes (id, code, label, type, unit, filterable, kinds) values
    ('019a0000-0000-7000-8000-000000000001', 'warranty_months', 'Warranty', 'NUMBER', 'months', true, '{LAPTOP,MOBILE,GENERIC}'),
    ('019a0000-0000-7000-8000-000000000002', 'country_of_origin', 'Country of origin', 'TEXT', null, true, '{}'),
    ('019a0000-0000-7000-8000-000000000003', 'energy_class', 'Energy class', 'TEXT', null, true, '{LAPTOP,MOBILE,GENERIC}'),
    ('019a0000-0000-7000-8000-000000000004', 'recycled', 'Made of recycled material', 'BOOLEAN', null, true, '{}'),
    ('019a0000-0000-7000-8000-000000000005', 'height_mm', 'Height', 'NUMBER', 'mm', true, '{GENERIC}'),
    ('019a0000-0000-7000-8000-000000000006', 'width_mm', 'Width', 'NUMBER', 'mm', true, '{GENERIC}'),
    ('019a0000-0000-7000-8000-000000000007', 'material', 'Material', 'TEXT', null, true, '{GENERIC}');

-- The columns are what is on sale; an edit of a live product waits in `revisions`.
create table products.products (
    id uuid primary key,
    slug text not null unique,
    kind text not null check (kind in ('BOOK', 'LAPTOP', 'MOBILE', 'CLOTHES', 'GENERIC')),
    name text not null,
    description text,
    vendor_id uuid not null,
    brand_id uuid references products.brands,
    category_id uuid not null references products.categories,
    status text not null check (status in
        ('DRAFT', 'SUBMITTED', 'IN_REVIEW', 'CHANGES_REQUESTED', 'APPROVED', 'REJECTED', 'ARCHIVED')),
    published boolean not null default false,
    publish_at timestamptz,
    -- Copy of vendors.approved, so that lists need no join.
    vendor_approved boolean not null,
    visible boolean not null generated always as (status = 'APPROVED' and published and vendor_approved) stored,
    details jsonb,
    attributes jsonb not null default '{}',
    -- Brand, category, SKUs and the words of the details; kept by every write of one of them.
    keywords text not null default '',
    -- The product's own currency, and the least and greatest price of its active variants in it.
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    min_price bigint not null check (min_price >= 0),
    max_price bigint not null,
    in_stock boolean not null default false,
    sold bigint not null default 0,
    rating_count int not null default 0,
    rating_sum bigint not null default 0,
    rating_histogram int[] not null default '{0,0,0,0,0}',
    rating_milli int not null generated always as
        (case when rating_count = 0 then 0 else (rating_sum * 1000 / rating_count)::int end) stored,
    created_at timestamptz not null default products.now(),
    updated_at timestamptz not null default products.now(),
    version int not null default 1,
    plain_name text not null generated always as (products.plain(name)) stored,
    search tsvector not null generated always as (
        setweight(to_tsvector('english', products.plain(name)), 'A')
        || setweight(to_tsvector('english', products.plain(keywords)), 'B')
        || setweight(to_tsvector('english', products.plain(coalesce(description, ''))), 'C')) stored,
    check ((kind = 'GENERIC') = (details is null)),
    check (max_price >= min_price),
    check (cardinality(rating_histogram) = 5 and rating_count >= 0)
) with (fillfactor = 85);
create index products_search on products.products using gin (search) where visible;
create index products_similar on products.products using gin (plain_name public.gin_trgm_ops) where visible;
create index products_newest on products.products (created_at desc, id desc) where visible;
create index products_cheapest on products.products (min_price, id) where visible;
create index products_best_rated on products.products (rating_milli desc, id desc) where visible;
create index products_by_kind on products.products (kind, created_at desc, id desc) where visible;
create index products_by_category on products.products (category_id, created_at desc, id desc);
create index products_by_brand on products.products (brand_id, created_at desc, id desc);
create index products_by_vendor on products.products (vendor_id, created_at desc, id desc);
create index products_due on products.products (publish_at) where not published and publish_at is not null;
create index products_isbn on products.products ((details -> 'book' ->> 'isbn13')) where kind = 'BOOK';

create table products.variants (
    id uuid primary key,
    product_id uuid not null references products.products,
    sku text not null,
    name text not null,
    options jsonb not null default '[]',
    weight_grams int not null check (weight_grams >= 0),
    dimensions_mm int[] check (cardinality(dimensions_mm) = 3),
    barcode text,
    tax_category text not null,
    active boolean not null default true,
    position int not null,
    in_stock boolean not null default false,
    stock_changed_at timestamptz,
    created_at timestamptz not null default products.now(),
    version int not null default 1
);
create unique index variants_sku on products.variants (lower(sku));
create index variants_by_product on products.variants (product_id, position, id);

-- Price of one piece from `min_quantity` pieces on; an empty tier is everybody's price.
create table products.variant_prices (
    variant_id uuid not null references products.variants,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    customer_tier text not null default '',
    min_quantity int not null check (min_quantity between 1 and 999),
    amount bigint not null check (amount >= 0 and amount <= 9007199254740991),
    -- The price before a reduction, on everybody's price of one piece only.
    compare_at bigint check (compare_at > amount and compare_at <= 9007199254740991),
    primary key (variant_id, currency, customer_tier, min_quantity),
    check (compare_at is null or (customer_tier = '' and min_quantity = 1))
);

-- A product's least and greatest price of one piece in every currency it is sold in.
create table products.price_ranges (
    product_id uuid not null references products.products,
    currency text not null,
    min_amount bigint not null,
    max_amount bigint not null,
    primary key (product_id, currency)
);
create index price_ranges_cheapest on products.price_ranges (currency, min_amount, product_id);

-- A set of edits under review. A product that was never approved and its open revision move together.
create table products.revisions (
    id uuid primary key,
    product_id uuid not null references products.products,
    status text not null check (status in
        ('DRAFT', 'SUBMITTED', 'IN_REVIEW', 'CHANGES_REQUESTED', 'APPROVED', 'REJECTED', 'ARCHIVED')),
    content jsonb not null,
    changed_fields text[] not null,
    submitted_at timestamptz,
    created_at timestamptz not null default products.now()
);
create unique index revisions_open on products.revisions (product_id) where status not in ('APPROVED', 'ARCHIVED');
create index revisions_queue on products.revisions (submitted_at, id) where status in ('SUBMITTED', 'IN_REVIEW');
create index revisions_by_product on products.revisions (product_id);

create table products.approval_events (
    id uuid primary key,
    product_id uuid not null references products.products,
    vendor_id uuid not null,
    from_status text not null,
    to_status text not null,
    by_user uuid,
    note text,
    at timestamptz not null default products.now(),
    recorded_at timestamptz not null default clock_timestamp()
);
create index approval_events_of on products.approval_events (product_id, id);
create index approval_events_recent on products.approval_events (recorded_at);

create table products.purchases (
    customer_id uuid not null,
    product_id uuid not null,
    order_id uuid not null,
    purchased_at timestamptz not null default products.now(),
    primary key (customer_id, product_id)
);

create table products.reviews (
    id uuid primary key,
    product_id uuid not null references products.products,
    customer_id uuid not null,
    rating int not null check (rating between 1 and 5),
    title text,
    body text,
    verified boolean not null,
    status text not null default 'PENDING' check (status in ('PENDING', 'PUBLISHED', 'REJECTED')),
    moderation_reason text,
    moderated_by uuid,
    vendor_reply text,
    helpful_count int not null default 0,
    created_at timestamptz not null default products.now(),
    constraint reviews_one_each unique (product_id, customer_id)
);
create index reviews_of_product on products.reviews (product_id, created_at desc, id desc);
create index reviews_of_customer on products.reviews (customer_id, created_at desc, id desc);

create table products.review_votes (
    review_id uuid not null references products.reviews,
    customer_id uuid not null,
    primary key (review_id, customer_id)
);

create table products.wishlists (
    id uuid primary key,
    customer_id uuid not null,
    name text not null,
    is_public boolean not null default false,
    share_token text unique,
    created_at timestamptz not null default products.now(),
    check (not is_public or share_token is not null)
);
create index wishlists_of on products.wishlists (customer_id, id);

create table products.wishlist_items (
    wishlist_id uuid not null references products.wishlists,
    variant_id uuid not null references products.variants,
    added_at timestamptz not null default products.now(),
    notify_back_in_stock boolean not null default false,
    notify_price_drop boolean not null default false,
    primary key (wishlist_id, variant_id)
);
create index wishlist_items_of_variant on products.wishlist_items (variant_id);
