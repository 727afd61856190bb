-- Searches read fewer bytes: what order and facets need stands first in a document, and what all products, all of a kind
-- or all in stock consist of is counted already.

create table products.search_former as table products.search_documents;
drop table products.search_documents;

-- Columns of a fixed width first, then the words, then what facets count, then what few filters ask for: a column costs
-- what stands before it.
create table products.search_documents (
    generation smallint not null,
    in_stock boolean not null,
    rating_milli int not null,
    -- Keys of the orders. `created` is in microseconds since 1970.
    created bigint not null,
    sold bigint not null,
    rating bigint not null,
    min_price bigint not null,
    id uuid not null,
    category_id uuid not null,
    vendor_id uuid not null,
    kind text not null,
    -- Stems; A: name; B: brand, authors, SKUs, ISBN; C: category, details, attributes; D: description.
    search tsvector not null,
    -- Words of the name as they are written, for suggestions and for names that consist of stop words.
    names tsvector not null,
    brand_id uuid,
    authors text[],
    genres text[],
    format text,
    language text,
    published_year int,
    ram_gb int,
    storage_gb int,
    storage_type text,
    screen_inches float8,
    camera_mp float8,
    battery_mah int,
    os text,
    networks text[],
    sizes text[],
    colors text[],
    material text,
    style text,
    gender text,
    season text,
    attributes jsonb not null,
    -- The steps of the price facet that its prices lie on: GBP:500-999.
    price_steps text[] not null,
    -- What filters ask for in whole, in lower case: genre:history, size:m, attribute.energy_class:a.
    terms text[] not null,
    -- Prices of one piece of the active variants by currency, ascending, each once: {"GBP": [999, 1299]}.
    prices jsonb not null,
    currency text not null,
    -- What filters ask for in part, plain.
    author_text text,
    publisher_text text,
    cpu_text text,
    gpu_text text,
    os_text text,
    name text not null,
    plain_name text not null,
    primary key (generation, id)
) partition by list (generation);
create table products.search_documents_0 partition of products.search_documents for values in (0)
    with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
create table products.search_documents_1 partition of products.search_documents for values in (1)
    with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
insert into products.search_documents (
    generation, in_stock, rating_milli, created, sold, rating, min_price, id, category_id, vendor_id, kind,
    search, names, brand_id, authors, genres, format, language, published_year, ram_gb, storage_gb,
    storage_type, screen_inches, camera_mp, battery_mah, os, networks, sizes, colors, material, style,
    gender, season, attributes, price_steps, terms, prices, currency, author_text, publisher_text, cpu_text,
    gpu_text, os_text, name, plain_name)
select
    generation, in_stock, rating_milli, created, sold, rating, min_price, id, category_id, vendor_id, kind,
    search, names, brand_id, authors, genres, format, language, published_year, ram_gb, storage_gb,
    storage_type, screen_inches, camera_mp, battery_mah, os, networks, sizes, colors, material, style,
    gender, season, attributes, price_steps, terms, prices, currency, author_text, publisher_text, cpu_text,
    gpu_text, os_text, name, plain_name
from products.search_former order by generation, id;
drop table products.search_former;

-- Short pending lists: they are read by every search.
create index search_documents_search on products.search_documents using gin (search) with (gin_pending_list_limit = 512);
create index search_documents_names on products.search_documents using gin (names) with (gin_pending_list_limit = 256);
create index search_documents_terms on products.search_documents using gin (terms) with (gin_pending_list_limit = 256);
create index search_documents_newest on products.search_documents (created desc, id desc);
create index search_documents_cheapest on products.search_documents (min_price, id);
create index search_documents_best_rated on products.search_documents (rating desc, id desc);
create index search_documents_best_selling on products.search_documents (sold desc, id desc);
create index search_documents_by_category on products.search_documents (category_id, created desc, id desc);
create index search_documents_by_brand on products.search_documents (brand_id, created desc, id desc);
create index search_documents_by_vendor on products.search_documents (vendor_id, created desc, id desc);

-- How many documents of a kind, in stock or not, have a value: the facets of whatever is filtered by nothing else.
-- Conditions on `kind` and `in_stock` read the same here as on documents.
create table products.search_counts (
    generation smallint not null,
    -- Code of the facet; `attribute.` and the code of an attribute.
    facet text not null,
    value text not null,
    kind text not null,
    in_stock boolean not null,
    n int not null,
    primary key (generation, facet, value, kind, in_stock)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- The values of a document in all facets.
create function products.facets_of(d products.search_documents) returns table (facet text, value text)
language sql immutable parallel safe as
$$
    select one.facet, one.value from (values ('kind', d.kind), ('in_stock', d.in_stock::text),
        ('category', d.category_id::text), ('brand', d.brand_id::text),
        ('rating', nullif(d.rating_milli / 1000, 0)::text), ('format', d.format), ('language', d.language),
        ('ram_gb', d.ram_gb::text), ('storage_gb', d.storage_gb::text), ('storage_type', d.storage_type),
        ('os', d.os), ('material', d.material), ('style', d.style), ('gender', d.gender), ('season', d.season)
    ) one(facet, value) where one.value is not null
    union all
    select many.facet, item from (values ('author', d.authors), ('genre', d.genres), ('network', d.networks),
        ('size', d.sizes), ('color', d.colors), ('price', d.price_steps)) many(facet, list), unnest(list) item
    union all
    select 'attribute.' || a.code, a.value from jsonb_each_text(d.attributes) a(code, value) where a.value is not null
$$;

insert into products.search_counts (generation, facet, value, kind, in_stock, n)
select d.generation, f.facet, f.value, d.kind, d.in_stock, count(*)
from products.search_documents d cross join lateral products.facets_of(d) f
group by d.generation, f.facet, f.value, d.kind, d.in_stock order by 1, 2, 3, 4, 5;

-- Brings the documents of these products in one generation up to date, and with them the counts; returns how many
-- there are now.
create or replace function products.index_documents(target smallint, wanted uuid[]) returns bigint language plpgsql as
$$
declare
    written bigint;
    config regconfig := (select g.config::regconfig from products.search_generations g where g.generation = target);
    former products.search_counts[] := array(
        select row(target, f.facet, f.value, d.kind, d.in_stock, count(*))::products.search_counts
        from products.search_documents d cross join lateral products.facets_of(d) f
        where d.generation = target and d.id = any(wanted) group by f.facet, f.value, d.kind, d.in_stock);
begin
    delete from products.search_documents d where d.generation = target and d.id = any(wanted)
        and not exists (select from products.products p where p.id = d.id and p.visible);
    with source as materialized (select s.* from products.search_source s where s.id = any(wanted)),
    words as (
        insert into products.search_words (generation, word)
        select distinct target, word from source, regexp_split_to_table(vocabulary, '[^[:alpha:]]+') word
        where length(word) between 3 and 40 order by word
        on conflict do nothing
    ), documents as (
        insert into products.search_documents as d (
            generation, in_stock, rating_milli, created, sold, rating, min_price, id, category_id, vendor_id, kind,
            search, names, brand_id, authors, genres, format, language, published_year, ram_gb, storage_gb,
            storage_type, screen_inches, camera_mp, battery_mah, os, networks, sizes, colors, material, style,
            gender, season, attributes, price_steps, terms, prices, currency, author_text, publisher_text, cpu_text,
            gpu_text, os_text, name, plain_name)
        select
            target, in_stock, rating_milli, created, sold, rating, min_price, id, category_id, vendor_id, kind,
            setweight(to_tsvector(config, plain_name), 'A') || setweight(to_tsvector(config, text_b), 'B')
                || setweight(to_tsvector(config, text_c), 'C') || setweight(to_tsvector(config, text_d), 'D'),
            to_tsvector('simple', plain_name), brand_id, authors, genres, format, language, published_year, ram_gb,
            storage_gb, storage_type, screen_inches, camera_mp, battery_mah, os, networks, sizes, colors, material,
            style, gender, season, attributes, price_steps, terms, prices, currency, author_text, publisher_text,
            cpu_text, gpu_text, os_text, name, plain_name
        from source order by id
        on conflict (generation, id) do update set (
            in_stock, rating_milli, created, sold, rating, min_price, category_id, vendor_id, kind, search, names,
            brand_id, authors, genres, format, language, published_year, ram_gb, storage_gb, storage_type,
            screen_inches, camera_mp, battery_mah, os, networks, sizes, colors, material, style, gender, season,
            attributes, price_steps, terms, prices, currency, author_text, publisher_text, cpu_text, gpu_text,
            os_text, name, plain_name)
            = row(
            excluded.in_stock, excluded.rating_milli, excluded.created, excluded.sold, excluded.rating,
            excluded.min_price, excluded.category_id, excluded.vendor_id, excluded.kind, excluded.search,
            excluded.names, excluded.brand_id, excluded.authors, excluded.genres, excluded.format, excluded.language,
            excluded.published_year, excluded.ram_gb, excluded.storage_gb, excluded.storage_type,
            excluded.screen_inches, excluded.camera_mp, excluded.battery_mah, excluded.os, excluded.networks,
            excluded.sizes, excluded.colors, excluded.material, excluded.style, excluded.gender, excluded.season,
            excluded.attributes, excluded.price_steps, excluded.terms, excluded.prices, excluded.currency,
            excluded.author_text, excluded.publisher_text, excluded.cpu_text, excluded.gpu_text, excluded.os_text,
            excluded.name, excluded.plain_name)
        -- A document that says the same already is not written again.
        where d is distinct from excluded
        returning 1
    )
    select count(*) into written from source;
    insert into products.search_counts as c (generation, facet, value, kind, in_stock, n)
    select target, facet, value, kind, in_stock, sum(n)::int from (
        select facet, value, kind, in_stock, -n as n from unnest(former)
        union all
        select f.facet, f.value, d.kind, d.in_stock, 1
        from products.search_documents d cross join lateral products.facets_of(d) f
        where d.generation = target and d.id = any(wanted)) change
    group by facet, value, kind, in_stock having sum(n) <> 0 order by facet, value, kind, in_stock
    on conflict (generation, facet, value, kind, in_stock) do update set n = c.n + excluded.n;
    delete from products.search_counts c using unnest(former) f
    where c.n = 0 and (c.generation, c.facet, c.value, c.kind, c.in_stock)
        = (f.generation, f.facet, f.value, f.kind, f.in_stock);
    return written;
end
$$;

analyze products.search_documents, products.search_counts;
