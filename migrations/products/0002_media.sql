-- Pictures and videos of products. A row is a slot for an upload first; its file is in the store under a name made of
-- its ID.
create table products.media (
    id uuid primary key,
    product_id uuid not null references products.products,
    kind text not null check (kind in ('IMAGE', 'VIDEO')),
    -- UPLOADING: a slot. PROCESSING: attached, its file is being checked and scaled.
    status text not null default 'UPLOADING' check (status in ('UPLOADING', 'PROCESSING', 'READY', 'REJECTED')),
    -- As announced; what the file turns out to be must be the same.
    content_type text not null,
    bytes bigint not null check (bytes > 0),
    sha256 bytea,
    -- Of the picture as it was uploaded, turned upright.
    width int,
    height int,
    -- The sizes it was scaled to.
    widths int[] not null default '{}',
    alt text,
    position int,
    -- Shown with its product.
    live boolean not null default false,
    -- What the edit under review of a product on sale will do.
    pending text check (pending in ('SET', 'REMOVE')),
    pending_alt text,
    pending_position int,
    -- Why it was refused.
    reason text,
    uploaded_by uuid,
    created_at timestamptz not null default products.now(),
    -- End of the slot.
    expires_at timestamptz not null,
    removed_at timestamptz,
    -- Work on the file in the background: by whom it is held, and how often it was begun.
    claimed_until timestamptz,
    attempts int not null default 0,
    check (not live or (position is not null and removed_at is null)),
    check (status <> 'READY' or sha256 is not null)
);
create index media_of_product on products.media (product_id, position, id) where removed_at is null;
create index media_to_process on products.media (created_at, id) where status = 'PROCESSING' and removed_at is null;
create index media_to_delete on products.media (id) where removed_at is not null or status in ('UPLOADING', 'REJECTED');

-- Behind everything a product shows or is about to show.
create function products.next_media_position(product uuid) returns int language sql stable as
$$
    select coalesce(max(greatest(m.position, m.pending_position)), -1) + 1
    from products.media m where m.product_id = product and m.removed_at is null
$$;
