-- The search index: one document for each product on sale, in one of two generations. Readers see the active one; a
-- rebuild fills the other one beside it and then changes places with it.

-- The old way to search. Its columns stay until the next release, because the last one still writes them.
drop index products.products_search;
drop index products.products_similar;

create table products.search_generations (
    generation smallint primary key check (generation in (0, 1)),
    -- EMPTY: free; PENDING: being emptied, to be filled then; BUILDING: being filled; ACTIVE: what is searched;
    -- RETIRED: being emptied.
    state text not null check (state in ('EMPTY', 'PENDING', 'BUILDING', 'ACTIVE', 'RETIRED')),
    -- Name of the text search configuration by which words are reduced to their stems.
    config text not null default 'english',
    -- Products up to this ID are in a generation that is being built.
    indexed_to uuid,
    documents bigint not null default 0,
    changed_at timestamptz not null default clock_timestamp()
);
create unique index search_generations_active on products.search_generations (state) where state = 'ACTIVE';
insert into products.search_generations (generation, state) values (0, 'ACTIVE'), (1, 'EMPTY');

-- Products whose document may be out of date. Rows are only added and removed, so that nobody waits for the indexer.
create table products.search_queue (
    seq bigint generated always as identity primary key,
    product_id uuid not null
);

-- Equal or narrower words: whoever looks for `term` also finds `expansion`. Plain text: lower case, without accents.
create table products.search_synonyms (
    term text not null check (term <> ''),
    expansion text not null check (expansion <> ''),
    primary key (term, expansion),
    check (term <> expansion)
);
insert into products.search_synonyms (term, expansion)
select a, b from (values ('{laptop,notebook}'::text[]), ('{mobile,smartphone,mobile phone,cell phone}'),
    ('{jumper,sweater,pullover}'), ('{trainers,sneakers}'), ('{trousers,pants}'), ('{rucksack,backpack}')) groups(words)
cross join unnest(words) a cross join unnest(words) b where a <> b;

-- Words that occur in documents, for corrections of typing mistakes.
create table products.search_words (
    generation smallint not null,
    word text not null,
    primary key (generation, word)
);
create index search_words_similar on products.search_words using gin (word public.gin_trgm_ops);

create table products.search_documents (
    generation smallint not null,
    id uuid not null,
    kind text not null,
    category_id uuid not null,
    brand_id uuid,
    in_stock boolean not null,
    rating_milli int not null,
    vendor_id uuid not null,
    -- Keys of the orders. `created` is in microseconds since 1970.
    created bigint not null,
    sold bigint not null,
    rating bigint not null,
    min_price bigint not null,
    currency text not null,
    -- Prices of one piece of the active variants by currency, ascending, each once: {"GBP": [999, 1299]}.
    prices jsonb not null,
    -- The steps of the price facet they lie on: GBP:500-999.
    price_steps text[] not null,
    -- What filters ask for in whole, in lower case: genre:history, size:m, attribute.energy_class:a.
    terms text[] not null,
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
    -- What filters ask for in part, plain.
    author_text text,
    publisher_text text,
    cpu_text text,
    gpu_text text,
    os_text text,
    name text not null,
    plain_name text not null,
    -- Words of the name as they are written, for suggestions and for names that consist of stop words.
    names tsvector not null,
    -- Stems; A: name; B: brand, authors, SKUs, ISBN; C: category, details, attributes; D: description.
    search tsvector not null,
    primary key (generation, id)
) partition by list (generation);
create table products.search_documents_0 partition of products.search_documents for values in (0)
    with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
create table products.search_documents_1 partition of products.search_documents for values in (1)
    with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
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
-- All that the usual facets of a whole shop need, so that they are counted without a look at the wide rows.
create index search_documents_facets on products.search_documents
    (kind, in_stock, category_id, brand_id, rating_milli, generation);

create aggregate products.all_of(tsquery) (sfunc = tsquery_and, stype = tsquery);
create aggregate products.any_of(tsquery) (sfunc = tsquery_or, stype = tsquery);

-- The step of the price facet on which an amount lies: 0-99, 100-199, 200-499, 500-999, 1000-1999 and so on.
create function products.price_step(amount bigint) returns text language sql immutable strict parallel safe as
$$
    select case when amount < 100 then '0-99' else (
        select case when amount < 2 * d then concat(d, '-', 2 * d - 1)
            when amount < 5 * d then concat(2 * d, '-', 5 * d - 1)
            else concat(5 * d, '-', 10 * d - 1) end
        from (select (10::numeric ^ (length(amount::text) - 1))::bigint as d) decade) end
$$;

-- The texts of a JSON array; null if there are none.
create function products.texts(list jsonb) returns text[] language sql immutable strict parallel safe as
$$
    select array_agg(distinct item order by item)
    from jsonb_array_elements_text(case when jsonb_typeof(list) = 'array' then list else '[]' end) item
$$;

-- `prefix:value` of each value, in lower case.
create function products.tagged(prefix text, list text[]) returns text[] language sql immutable parallel safe as
$$ select array_agg(distinct prefix || ':' || lower(item)) from unnest(list) item $$;

-- Words of the vocabulary like each of these, most similar first. Half of the mistakes are swapped or missing letters,
-- which cost a short word most of its trigrams: the threshold is low and the caller counts the letters.
create function products.similar_words(given text[]) returns table (given_word text, plain_word text, word text)
language sql stable set pg_trgm.similarity_threshold = 0.2 as
$$
    select g.word, products.plain(g.word), v.word from unnest(given) as g(word) cross join lateral (
        select w.word from products.search_words w
        where w.word operator(public.%) products.plain(g.word)
            and w.generation = (select generation from products.search_generations where state = 'ACTIVE')
        order by public.similarity(w.word, products.plain(g.word)) desc, w.word limit 40) v
$$;

-- Products as the index knows them: what is on sale, from all tables it is made of.
create view products.search_source as
select p.id, p.kind, p.category_id, p.brand_id, p.in_stock, p.rating_milli, p.vendor_id,
    (extract(epoch from p.created_at) * 1000000)::bigint as created, p.sold, p.rating_milli::bigint as rating,
    p.min_price, p.currency, coalesce(v.prices, '{}') as prices, coalesce(v.steps, '{}') as price_steps,
    array_cat(array_cat(array_cat(array_cat(array_cat(array_cat(
        products.tagged('genre', products.texts(book -> 'genres')),
        products.tagged('size', products.texts(clothes -> 'sizes'))),
        products.tagged('color', products.texts(clothes -> 'colors'))),
        products.tagged('network', products.texts(mobile -> 'network'))),
        array_remove(array['isbn:' || (book ->> 'isbn13'), 'format:' || lower(book ->> 'format'),
            'language:' || lower(book ->> 'language'), 'storage_type:' || lower(laptop ->> 'storage_type'),
            'material:' || lower(clothes ->> 'material'), 'style:' || lower(clothes ->> 'style'),
            'gender:' || lower(clothes ->> 'gender'), 'season:' || lower(clothes ->> 'season')], null)),
        array(select 'attribute.' || code || ':' || lower(value) from jsonb_each_text(p.attributes) a(code, value))),
        '{}') as terms,
    products.texts(book -> 'authors') as authors, products.texts(book -> 'genres') as genres,
    book ->> 'format' as format, book ->> 'language' as language, left(book ->> 'published_on', 4)::int as published_year,
    (coalesce(laptop, mobile) ->> 'ram_gb')::int as ram_gb, (coalesce(laptop, mobile) ->> 'storage_gb')::int as storage_gb,
    laptop ->> 'storage_type' as storage_type, (coalesce(laptop, mobile) ->> 'screen_inches')::float8 as screen_inches,
    (select max(mp::float8) from jsonb_array_elements_text(mobile -> 'camera_mp') mp) as camera_mp,
    (mobile ->> 'battery_mah')::int as battery_mah, coalesce(laptop, mobile) ->> 'os' as os,
    products.texts(mobile -> 'network') as networks, products.texts(clothes -> 'sizes') as sizes,
    products.texts(clothes -> 'colors') as colors,
    coalesce(clothes ->> 'material', p.attributes ->> 'material') as material, clothes ->> 'style' as style,
    clothes ->> 'gender' as gender, clothes ->> 'season' as season, p.attributes,
    products.plain(array_to_string(products.texts(book -> 'authors'), E'\n')) as author_text,
    products.plain(book ->> 'publisher') as publisher_text, products.plain(laptop ->> 'cpu') as cpu_text,
    products.plain(laptop ->> 'gpu') as gpu_text, products.plain(mobile ->> 'os') as os_text,
    p.name, products.plain(p.name) as plain_name,
    -- Texts by weight.
    products.plain(concat_ws(' ', b.name, array_to_string(products.texts(book -> 'authors'), ' '), v.skus,
        book ->> 'isbn13')) as text_b,
    products.plain(concat_ws(' ', c.name,
        (select string_agg(word #>> '{}', ' ') from jsonb_path_query(p.details, 'strict $.**') word
         where jsonb_typeof(word) = 'string'),
        (select string_agg(value, ' ') from jsonb_each_text(p.attributes)))) as text_c,
    products.plain(coalesce(p.description, '')) as text_d,
    products.plain(concat_ws(' ', p.name, b.name, c.name, array_to_string(products.texts(book -> 'authors'), ' '),
        array_to_string(products.texts(book -> 'genres'), ' '), array_to_string(products.texts(clothes -> 'colors'), ' '),
        clothes ->> 'material')) as vocabulary
from products.products p
cross join lateral (select nullif(p.details -> 'book', 'null') as book, nullif(p.details -> 'laptop', 'null') as laptop,
    nullif(p.details -> 'mobile', 'null') as mobile, nullif(p.details -> 'clothes', 'null') as clothes) d
join products.categories c on c.id = p.category_id
left join products.brands b on b.id = p.brand_id
left join lateral (
    select (select string_agg(sku, ' ' order by position) from products.variants where product_id = p.id) as skus,
        jsonb_object_agg(currency, amounts) as prices,
        (select array_agg(distinct concat(one.currency, ':', products.price_step(one.amount)))
         from products.variants vs join products.variant_prices one on one.variant_id = vs.id
         where vs.product_id = p.id and vs.active and one.customer_tier = '' and one.min_quantity = 1) as steps
    from (select pr.currency, jsonb_agg(distinct pr.amount) as amounts
        from products.variants va join products.variant_prices pr on pr.variant_id = va.id
        where va.product_id = p.id and va.active and pr.customer_tier = '' and pr.min_quantity = 1
        group by pr.currency) by_currency) v on true
where p.visible;

-- Brings the documents of these products in one generation up to date; returns how many there are now.
create function products.index_documents(target smallint, wanted uuid[]) returns bigint language plpgsql as
$$
declare
    written bigint;
    config regconfig := (select g.config::regconfig from products.search_generations g where g.generation = target);
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
        insert into products.search_documents as d
        select target, id, kind, category_id, brand_id, in_stock, rating_milli, vendor_id, created, sold, rating,
            min_price, currency, prices, price_steps, terms, authors, genres, format, language, published_year, ram_gb,
            storage_gb, storage_type, screen_inches, camera_mp, battery_mah, os, networks, sizes, colors, material, style,
            gender, season, attributes, author_text, publisher_text, cpu_text, gpu_text, os_text, name, plain_name,
            to_tsvector('simple', plain_name),
            setweight(to_tsvector(config, plain_name), 'A') || setweight(to_tsvector(config, text_b), 'B')
                || setweight(to_tsvector(config, text_c), 'C') || setweight(to_tsvector(config, text_d), 'D')
        from source order by id
        on conflict (generation, id) do update set
            (kind, category_id, brand_id, in_stock, rating_milli, vendor_id, created, sold, rating, min_price, currency,
             prices, price_steps, terms, authors, genres, format, language, published_year, ram_gb, storage_gb, storage_type,
             screen_inches, camera_mp, battery_mah, os, networks, sizes, colors, material, style, gender, season, attributes,
             author_text, publisher_text, cpu_text, gpu_text, os_text, name, plain_name, names, search)
            = row(excluded.kind, excluded.category_id, excluded.brand_id, excluded.in_stock, excluded.rating_milli,
             excluded.vendor_id, excluded.created, excluded.sold, excluded.rating, excluded.min_price, excluded.currency,
             excluded.prices, excluded.price_steps, excluded.terms, excluded.authors, excluded.genres, excluded.format,
             excluded.language, excluded.published_year, excluded.ram_gb, excluded.storage_gb, excluded.storage_type,
             excluded.screen_inches, excluded.camera_mp, excluded.battery_mah, excluded.os, excluded.networks,
             excluded.sizes, excluded.colors, excluded.material, excluded.style, excluded.gender, excluded.season,
             excluded.attributes, excluded.author_text, excluded.publisher_text, excluded.cpu_text, excluded.gpu_text,
             excluded.os_text, excluded.name, excluded.plain_name, excluded.names, excluded.search)
        -- A document that says the same already is not written again.
        where d is distinct from excluded
        returning 1
    )
    select count(*) into written from source;
    return written;
end
$$;

-- Whatever changes a product tells the indexer, in the same transaction.
create function products.search_inserted() returns trigger language plpgsql as
$$
begin
    insert into products.search_queue (product_id) select id from changed where visible;
    return null;
end
$$;
create function products.search_updated() returns trigger language plpgsql as
$$
begin
    insert into products.search_queue (product_id)
    select n.id from changed n join former o on o.id = n.id where n.visible or o.visible;
    return null;
end
$$;
create function products.search_removed() returns trigger language plpgsql as
$$
begin
    insert into products.search_queue (product_id) select id from former where visible;
    return null;
end
$$;
create trigger search_inserted after insert on products.products
    referencing new table as changed for each statement execute function products.search_inserted();
create trigger search_updated after update on products.products
    referencing old table as former new table as changed for each statement execute function products.search_updated();
create trigger search_removed after delete on products.products
    referencing old table as former for each statement execute function products.search_removed();

-- Names of categories and brands are words of their products.
create function products.search_renamed_category() returns trigger language plpgsql as
$$
begin
    insert into products.search_queue (product_id)
    select id from products.products where category_id = new.id and visible;
    return null;
end
$$;
create function products.search_renamed_brand() returns trigger language plpgsql as
$$
begin
    insert into products.search_queue (product_id)
    select id from products.products where brand_id = new.id and visible;
    return null;
end
$$;
create trigger search_renamed after update of name on products.categories
    for each row when (old.name <> new.name) execute function products.search_renamed_category();
create trigger search_renamed after update of name on products.brands
    for each row when (old.name <> new.name) execute function products.search_renamed_brand();

select products.index_documents(0::smallint, array(select id from products.products where visible order by id));
