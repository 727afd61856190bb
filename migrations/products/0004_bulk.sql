-- Files that are brought into the catalogue of a vendor. A row is the job and its checkpoint: whoever holds its lock
-- reads the next piece of the file, and what the piece did commits together with the checkpoint behind it.
create table products.catalog_imports (
    id uuid primary key,
    vendor_id uuid not null,
    created_by uuid,
    -- Made by staff: may approve and publish.
    staff boolean not null,
    format text not null check (format in ('CSV', 'JSONL')),
    stage text not null check (stage in ('DRAFT', 'SUBMIT', 'APPROVE', 'PUBLISH')),
    dry_run boolean not null,
    status text not null check (status in
        ('AWAITING_UPLOAD', 'QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')),
    -- Which upload is the file; null until one is complete.
    file_id uuid,
    file_bytes bigint not null default 0,
    -- The checkpoint: the piece to read next, the line it begins with, what is left of the pieces before it, and the
    -- first line of a CSV file.
    next_piece int not null default 0,
    next_line int not null default 1,
    carry bytea not null default '',
    header text,
    bytes_done bigint not null default 0,
    created_count int not null default 0,
    updated_count int not null default 0,
    unchanged_count int not null default 0,
    refused_count int not null default 0,
    -- Steps that failed one after another, and why the job failed for good.
    failures int not null default 0,
    error text,
    created_at timestamptz not null default products.now(),
    started_at timestamptz,
    stepped_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);
create index catalog_imports_of_vendor on products.catalog_imports (vendor_id, created_at desc, id desc);
create index catalog_imports_open on products.catalog_imports (stepped_at) where status in ('QUEUED', 'RUNNING');
create index catalog_imports_age on products.catalog_imports (created_at);

-- Uploaded bytes, in order. Pieces of an upload that broke off are nobody's file and go after a day.
create table products.catalog_import_pieces (
    file_id uuid not null,
    position int not null,
    content bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (file_id, position)
);
create index catalog_import_pieces_age on products.catalog_import_pieces (created_at);

-- The report.
create table products.catalog_import_lines (
    import_id uuid not null references products.catalog_imports on delete cascade,
    line int not null,
    status text not null check (status in ('CREATED', 'UPDATED', 'UNCHANGED', 'REFUSED')),
    sku text,
    product_id uuid,
    errors jsonb,
    primary key (import_id, line)
);
create index catalog_import_lines_refused on products.catalog_import_lines (import_id, line) where status = 'REFUSED';

-- SKUs that occurred in a file so far, in lower case: none may occur twice.
create table products.catalog_import_skus (
    import_id uuid not null references products.catalog_imports on delete cascade,
    sku text not null,
    line int not null,
    primary key (import_id, sku)
);
