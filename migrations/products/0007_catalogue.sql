-- The end of a product's time in the shop window.
alter table products.products add column unpublish_at timestamptz;
create index products_ending on products.products (unpublish_at) where unpublish_at is not null;

-- A picture belongs to a product, or is the logo of a brand.
alter table products.media
    alter column product_id drop not null,
    add column brand_id uuid references products.brands,
    add constraint media_owner check ((product_id is null) <> (brand_id is null));
create index media_of_brand on products.media (brand_id, position) where brand_id is not null and removed_at is null;

-- Lists by sales.
create index products_best_selling on products.products (sold desc, id desc) where visible;
-- Few products of a category, cheapest first, without looking at all the others.
create index products_cheapest_in_category on products.products (category_id, min_price, id) where visible;
