-- A catalogue of {products} products for measurements: five kinds, names of common and of rare words, long descriptions
-- whose words are spread as in a language (few are in many texts, many in few), prices in two currencies.
select setseed(0.42);

-- A word of three syllables: 8000 of them.
create function pg_temp.rare(n int) returns text language sql immutable as
$$
    select (array['ba','ce','di','fo','gu','ha','je','ki','lo','mu','na','pe','ri','so','tu','va','we','xi','yo','zu'])
            [1 + n * 7 % 20]
        || (array['lan','mor','net','pid','ros','sul','tam','vek','win','yar','bel','cor','den','fal','gim','hos','jur',
            'kal','lep','nod'])[1 + n / 20 % 20]
        || (array['do','er','ia','ix','on','us','a','eth','ing','or','um','y','el','is','ot','an','ine','ley','ton','ra'])
            [1 + n / 400 % 20]
$$;
create function pg_temp.common(n int) returns text language sql immutable as
$$
    select (array['steel','classic','light','black','travel','home','river','north','silver','green','summer','winter',
        'smart','vintage','compact','modern','garden','ocean','studio','urban','royal','wild','quiet','golden','little',
        'great','hidden','lost','first','last','red','blue','paper','stone','glass','cotton','linen','forest','mountain',
        'island'])[1 + n % 40]
$$;

insert into products.vendors (id, approved, changed_at)
select ('00000000-0000-7000-9000-' || lpad(v::text, 12, '0'))::uuid, true, now() from generate_series(1, 40) v;
insert into products.categories (id, slug, name)
select ('00000000-0000-7000-a000-' || lpad(c::text, 12, '0'))::uuid, 'top-' || c, 'Department ' || c
from generate_series(1, 10) c;
insert into products.categories (id, slug, name, parent_id)
select ('00000000-0000-7000-a000-' || lpad(c::text, 12, '0'))::uuid, 'leaf-' || c, 'Shelf ' || c,
    ('00000000-0000-7000-a000-' || lpad((c % 10 + 1)::text, 12, '0'))::uuid from generate_series(11, 100) c;
insert into products.brands (id, slug, name)
select ('00000000-0000-7000-b000-' || lpad(b::text, 12, '0'))::uuid, 'brand-' || b, initcap(pg_temp.rare(b))
from generate_series(1, 300) b;

alter table products.products disable trigger search_inserted;
insert into products.products (id, slug, kind, name, description, vendor_id, brand_id, category_id, status, published,
    vendor_approved, details, attributes, currency, min_price, max_price, in_stock, sold, rating_count, rating_sum,
    created_at)
select (lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000')::uuid, 'product-' || i, kind,
    initcap(pg_temp.common((40 * a * a)::int) || ' ' || pg_temp.rare(power(7999, b)::int) || ' ' || noun), description,
    ('00000000-0000-7000-9000-' || lpad((1 + i % 40)::text, 12, '0'))::uuid,
    ('00000000-0000-7000-b000-' || lpad((1 + (300 * c * c)::int % 300)::text, 12, '0'))::uuid,
    ('00000000-0000-7000-a000-' || lpad((11 + i * 7 % 90)::text, 12, '0'))::uuid, 'APPROVED', true, true,
    case kind
        when 'BOOK' then jsonb_build_object('book', jsonb_build_object('isbn13', (9780000000000 + i)::text,
            'authors', jsonb_build_array(initcap(pg_temp.rare((600 * a)::int) || ' ' || pg_temp.rare((900 * b)::int))),
            'publisher', initcap(pg_temp.rare((50 * c)::int)), 'published_on', (1980 + (45 * a)::int) || '-03-14',
            'language', (array['en','de','fr'])[1 + i % 3], 'format', (array['PAPERBACK','HARDCOVER','EBOOK'])[1 + i % 3],
            'genres', to_jsonb((array['history','travel','crime','poetry','science','art'])[1 + i % 4 : 2 + i % 5])))
        when 'LAPTOP' then jsonb_build_object('laptop', jsonb_build_object('cpu', (2 + i % 8) * 2 || '-core Arm',
            'ram_gb', (array[8,16,32,64])[1 + i % 4], 'storage_gb', (array[256,512,1024])[1 + i % 3],
            'storage_type', (array['SSD','NVME'])[1 + i % 2], 'screen_inches', 13 + i % 4, 'ports', '[]'::jsonb))
        when 'MOBILE' then jsonb_build_object('mobile', jsonb_build_object('screen_inches', 5 + i % 3,
            'camera_mp', jsonb_build_array(12, 12 * (1 + i % 4)), 'storage_gb', (array[64,128,256])[1 + i % 3],
            'battery_mah', 3000 + 100 * (i % 20), 'os', (array['Android','Sailfish'])[1 + i % 2],
            'network', to_jsonb((array['LTE','5G'])[1 : 1 + i % 2])))
        when 'CLOTHES' then jsonb_build_object('clothes', jsonb_build_object(
            'sizes', to_jsonb((array['XS','S','M','L','XL'])[1 + i % 3 : 3 + i % 3]),
            'colors', to_jsonb((array['navy','black','white','olive'])[1 + i % 4 : 2 + i % 4]),
            'material', (array['cotton','linen','wool'])[1 + i % 3], 'gender', (array['women','men'])[1 + i % 2]))
    end,
    case when i % 3 = 0 then jsonb_build_object('energy_class', chr(65 + i % 5), 'warranty_months', (12 * (1 + i % 3))::text)
        else '{}' end,
    'GBP', 0, 0, i % 10 > 0, (1000 * power(a, 8))::bigint, 5, 5 + (20 * b)::int, now() - i * interval '1 minute'
from (
    select i, random() as a, random() as b, random() as c,
        (array['BOOK','LAPTOP','MOBILE','CLOTHES','GENERIC'])[1 + i % 5] as kind,
        (array['{Story,Atlas,Guide,Diary,Tales}','{Laptop,Ultrabook,Workstation}','{Phone,Handset}',
            '{Shirt,Jacket,Dress,Coat,Scarf}','{Lamp,Vase,Chair,Basket,Clock}']::text[])[1 + i % 5]::text[] as nouns
    from generate_series(1, {products}) i
) drawn
cross join lateral (select nouns[1 + (i / 5) % cardinality(nouns)] as noun) named
cross join lateral (
    -- `i` makes it another draw for each row.
    select string_agg(case when n % 10 = 0 then pg_temp.common((power(random(), 1.5) * 40)::int)
        else pg_temp.rare((power(random(), 2) * 7999)::int) end, ' ') as description
    from generate_series(1, 30 + i % 5) n
) described;
alter table products.products enable trigger search_inserted;

insert into products.variants (id, product_id, sku, name, weight_grams, tax_category, position, in_stock)
select (left(p.id::text, 8) || '-0000-7000-8001-' || lpad(n::text, 12, '0'))::uuid, p.id,
    'SKU-' || left(p.id::text, 8) || '-' || n, 'Variant ' || n, 500, 'standard', n, p.in_stock
from products.products p, generate_series(1, 2) n;
insert into products.variant_prices (variant_id, currency, min_quantity, amount)
select v.id, c.currency, 1, (500 + 100000 * power(random(), 4) + 200 * v.position)::bigint
from products.variants v, unnest(array['GBP', 'EUR']) c(currency);
insert into products.price_ranges (product_id, currency, min_amount, max_amount)
select v.product_id, p.currency, min(p.amount), max(p.amount)
from products.variants v join products.variant_prices p on p.variant_id = v.id group by 1, 2;
alter table products.products disable trigger search_updated;
update products.products p set min_price = r.min_amount, max_price = r.max_amount
from products.price_ranges r where r.product_id = p.id and r.currency = 'GBP';
alter table products.products enable trigger search_updated;
analyze products.products, products.variants, products.variant_prices, products.price_ranges;
