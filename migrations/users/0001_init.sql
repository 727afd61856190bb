-- The shopping persona. Its ID never changes: guest, registered, VIP.
create table users.customers (
    id uuid primary key,
    type text not null check (type in ('GUEST', 'REGISTERED', 'VIP')),
    display_name text,
    currency text,
    locale text,
    marketing_opt_in boolean not null default false,
    tier text check (tier in ('BRONZE', 'SILVER', 'GOLD', 'PLATINUM')),
    vip_since timestamptz,
    vip_renews_at timestamptz,
    created_at timestamptz not null default users.now(),
    version int not null default 1,
    check ((type = 'VIP') = (tier is not null)),
    check ((tier is null) = (vip_since is null)),
    check ((tier is null) = (vip_renews_at is null))
);
create index customers_newest on users.customers (created_at desc, id desc);

create table users.customer_transitions (
    id uuid primary key,
    customer_id uuid not null references users.customers,
    from_type text not null,
    to_type text not null,
    tier_from text,
    tier_to text,
    reason text not null,
    at timestamptz not null default users.now()
);
create index customer_transitions_of on users.customer_transitions (customer_id, id);

-- Guests whose cart went into an account when they logged in.
create table users.customer_aliases (
    alias_id uuid primary key references users.customers,
    customer_id uuid not null references users.customers,
    at timestamptz not null default users.now(),
    check (alias_id <> customer_id)
);
create index customer_aliases_of on users.customer_aliases (customer_id);

-- Customers of other systems.
create table users.customer_references (
    source text not null,
    reference text not null,
    customer_id uuid not null references users.customers,
    primary key (source, reference)
);

-- The login.
create table users.users (
    id uuid primary key,
    customer_id uuid not null unique references users.customers,
    email text not null,
    email_verified_at timestamptz,
    password_hash text not null,
    active boolean not null default true,
    locale text not null default 'en',
    created_at timestamptz not null default users.now(),
    last_login_at timestamptz,
    version int not null default 1
);
create unique index users_email on users.users (lower(email));
create index users_newest on users.users (created_at desc, id desc);

-- Only what an admin gives; CUSTOMER, VIP and VENDOR follow from other tables.
create table users.user_roles (
    user_id uuid not null references users.users,
    role text not null check (role in ('STAFF', 'ADMIN')),
    granted_at timestamptz not null default users.now(),
    primary key (user_id, role)
);
create index user_roles_by_role on users.user_roles (role);

-- Who did what to a login.
create table users.user_audit (
    id uuid primary key,
    user_id uuid not null references users.users,
    action text not null,
    detail text,
    actor text not null,
    at timestamptz not null default users.now()
);
create index user_audit_of on users.user_audit (user_id, id);

-- One login on one device: the family of its refresh tokens.
create table users.sessions (
    id uuid primary key,
    customer_id uuid not null references users.customers,
    user_id uuid references users.users,
    created_at timestamptz not null default users.now(),
    last_seen_at timestamptz not null default users.now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text
);
create index sessions_of_user on users.sessions (user_id) where revoked_at is null;
create index sessions_of_customer on users.sessions (customer_id) where revoked_at is null;
create index sessions_expiry on users.sessions (expires_at);

create table users.refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references users.sessions on delete cascade,
    created_at timestamptz not null default users.now(),
    used_at timestamptz
);
create index refresh_tokens_of on users.refresh_tokens (session_id);

-- Tries that have not been followed by a success. The key is a hash, so that unknown addresses leave no trace.
create table users.login_attempts (
    account bytea primary key,
    failures int not null,
    last_at timestamptz not null
);

-- Secrets sent by mail.
create table users.mail_tokens (
    hash bytea primary key,
    user_id uuid not null references users.users,
    purpose text not null check (purpose in ('ACTIVATE', 'PASSWORD_RESET', 'EMAIL_CHANGE')),
    email text not null,
    created_at timestamptz not null default users.now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index mail_tokens_of on users.mail_tokens (user_id, purpose);

create table users.addresses (
    id uuid primary key,
    customer_id uuid not null references users.customers,
    label text,
    kind text not null check (kind in ('SHIPPING', 'BILLING', 'BOTH')),
    address jsonb not null,
    is_default_shipping boolean not null default false,
    is_default_billing boolean not null default false,
    created_at timestamptz not null default users.now(),
    version int not null default 1,
    check (not (is_default_shipping and kind = 'BILLING')),
    check (not (is_default_billing and kind = 'SHIPPING'))
);
create index addresses_of on users.addresses (customer_id, created_at, id);
create unique index addresses_default_shipping on users.addresses (customer_id) where is_default_shipping;
create unique index addresses_default_billing on users.addresses (customer_id) where is_default_billing;

create table users.vendors (
    id uuid primary key,
    slug text not null,
    display_name text not null,
    legal_name text not null,
    status text not null check (status in ('DRAFT', 'SUBMITTED', 'IN_REVIEW', 'CHANGES_REQUESTED', 'APPROVED',
        'REJECTED', 'SUSPENDED', 'CLOSED')),
    description text,
    country text not null,
    address jsonb,
    return_policy_days int not null default 14 check (return_policy_days between 0 and 365),
    approved_by uuid references users.users,
    approved_at timestamptz,
    created_at timestamptz not null default users.now(),
    version int not null default 1
);
create unique index vendors_slug on users.vendors (slug);
create index vendors_newest on users.vendors (created_at desc, id desc);

create table users.vendor_status_changes (
    id uuid primary key,
    vendor_id uuid not null references users.vendors,
    from_status text not null,
    to_status text not null,
    reason text,
    by_user uuid references users.users,
    at timestamptz not null default users.now()
);
create index vendor_status_changes_of on users.vendor_status_changes (vendor_id, id);

create table users.vendor_members (
    vendor_id uuid not null references users.vendors,
    user_id uuid not null references users.users,
    role text not null check (role in ('OWNER', 'MANAGER', 'CLERK')),
    joined_at timestamptz not null default users.now(),
    primary key (vendor_id, user_id)
);
create index vendor_members_of_user on users.vendor_members (user_id);

-- Becomes a membership when somebody has proved that the address is theirs.
create table users.vendor_invitations (
    vendor_id uuid not null references users.vendors,
    email text not null,
    role text not null check (role in ('OWNER', 'MANAGER', 'CLERK')),
    invited_by uuid references users.users,
    at timestamptz not null default users.now(),
    primary key (vendor_id, email)
);
create index vendor_invitations_email on users.vendor_invitations (email);

-- Tiers are data. The multiplier applies to points earned; the spend is what the last 365 days must reach.
create table users.vip_tiers (
    tier text primary key,
    rank int not null unique,
    points_multiplier_basis_points int not null check (points_multiplier_basis_points >= 0)
);
insert into users.vip_tiers values
    ('BRONZE', 1, 11000), ('SILVER', 2, 12500), ('GOLD', 3, 15000), ('PLATINUM', 4, 20000);

create table users.vip_thresholds (
    tier text not null references users.vip_tiers,
    currency text not null,
    spend bigint not null check (spend > 0),
    primary key (tier, currency)
);
insert into users.vip_thresholds (tier, currency, spend)
select tier, currency, spend
from (values ('BRONZE', 50000), ('SILVER', 150000), ('GOLD', 500000), ('PLATINUM', 1500000)) as t (tier, spend)
cross join (values ('GBP'), ('EUR'), ('USD')) as c (currency);

create table users.vip_benefits (
    id uuid primary key,
    code text not null unique,
    tier text not null references users.vip_tiers,
    title text not null,
    kind text not null,
    value_basis_points int,
    value_amount bigint,
    value_currency text,
    active boolean not null default true,
    check ((value_amount is null) = (value_currency is null))
);
insert into users.vip_benefits (id, code, tier, title, kind, value_basis_points, value_amount, value_currency) values
    ('01900000-0000-7000-8000-000000000001', 'points-bronze', 'BRONZE', '10% more points', 'POINTS_MULTIPLIER', 11000, null, null),
    ('01900000-0000-7000-8000-000000000002', 'points-silver', 'SILVER', '25% more points', 'POINTS_MULTIPLIER', 12500, null, null),
    ('01900000-0000-7000-8000-000000000003', 'points-gold', 'GOLD', '50% more points', 'POINTS_MULTIPLIER', 15000, null, null),
    ('01900000-0000-7000-8000-000000000004', 'points-platinum', 'PLATINUM', 'Double points', 'POINTS_MULTIPLIER', 20000, null, null),
    ('01900000-0000-7000-8000-000000000005', 'tier-prices', 'BRONZE', 'Prices of your tier', 'TIER_PRICES', null, null, null);

-- Counters over loyalty_transactions. A refund may take back points that are spent already: then available is
-- negative until new points come in.
create table users.loyalty_accounts (
    customer_id uuid primary key references users.customers,
    available int not null default 0,
    held int not null default 0 check (held >= 0),
    lifetime int not null default 0 check (lifetime >= 0)
);

create table users.loyalty_transactions (
    id uuid primary key,
    customer_id uuid not null references users.customers,
    kind text not null check (kind in ('EARN_PENDING', 'EARN', 'HOLD', 'RELEASE', 'REDEEM', 'REVERSE', 'EXPIRE', 'ADJUST')),
    -- Change of what is available; a redemption takes from what is held and is shown with its size.
    points int not null,
    order_id uuid,
    reason text,
    actor text,
    created_at timestamptz not null default users.now()
);
create index loyalty_transactions_of on users.loyalty_transactions (customer_id, created_at desc, id desc);

create function users.refuse_change() returns trigger language plpgsql as
$$ begin raise exception '% is append-only', tg_table_name; end $$;
create trigger loyalty_transactions_append_only before update or delete on users.loyalty_transactions
    for each row execute function users.refuse_change();

-- One per order, for good: RELEASED also blocks a hold that arrives after its release.
create table users.loyalty_holds (
    order_id uuid primary key,
    customer_id uuid references users.customers,
    points int not null check (points >= 0),
    state text not null check (state in ('HELD', 'REDEEMED', 'RELEASED')),
    at timestamptz not null default users.now()
);

-- What each order counts for. A refund may be heard of before its order: then total is still unknown.
create table users.loyalty_orders (
    order_id uuid primary key,
    customer_id uuid not null references users.customers,
    currency text not null,
    total bigint,
    earned int not null default 0,
    refunded bigint not null default 0,
    reversed int not null default 0,
    confirmed_at timestamptz
);
create index loyalty_orders_of on users.loyalty_orders (customer_id, confirmed_at);
