-- Files of imports and exports are in the store of files, as pictures are, and no longer in pieces here.
alter table products.catalog_imports
    -- Of the file in the store: another one if it is another file.
    add column file_tag text,
    -- Who takes the next step has so long before others may take it too.
    add column claimed_until timestamptz,
    -- When to look next whether the file has come.
    add column look_at timestamptz not null default clock_timestamp();

-- What is left of a small file goes on in its checkpoint. Larger ones are sent again, which changes nothing that was
-- done already.
update products.catalog_imports i
set carry = i.carry || coalesce((select string_agg(p.content, ''::bytea order by p.position)
    from products.catalog_import_pieces p where p.file_id = i.file_id and p.position >= i.next_piece), '')
where i.finished_at is null and i.file_id is not null
    and (select coalesce(sum(length(p.content)), 0) from products.catalog_import_pieces p
        where p.file_id = i.file_id and p.position >= i.next_piece) <= 1048576;
with ended as (
    update products.catalog_imports
    set status = 'FAILED', error = 'the shop was updated meanwhile; send the file again: what was done stays done',
        finished_at = products.now(), carry = ''
    where finished_at is null and file_id is not null and bytes_done + length(carry) <> file_bytes
    returning id
)
delete from products.catalog_import_skus where import_id in (select id from ended);

drop table products.catalog_import_pieces;
alter table products.catalog_imports drop column file_id, drop column next_piece;
create index catalog_imports_awaited on products.catalog_imports (look_at) where status = 'AWAITING_UPLOAD';

-- Catalogues of vendors that are written to the store.
create table products.catalog_exports (
    id uuid primary key,
    vendor_id uuid not null,
    format text not null check (format in ('CSV', 'JSONL')),
    status text not null default 'QUEUED' check (status in ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED')),
    -- By whom it is written, and how often that was begun.
    claimed_until timestamptz,
    attempts int not null default 0,
    created_at timestamptz not null default products.now(),
    finished_at timestamptz,
    -- When the file goes, and this with it.
    expires_at timestamptz not null default clock_timestamp() + interval '1 day'
);
-- Who asks again before it has begun gets the same.
create unique index catalog_exports_queued on products.catalog_exports (vendor_id, format) where status = 'QUEUED';
create index catalog_exports_open on products.catalog_exports (created_at) where status in ('QUEUED', 'RUNNING');
create index catalog_exports_of_vendor on products.catalog_exports (vendor_id);
create index catalog_exports_age on products.catalog_exports (expires_at);
