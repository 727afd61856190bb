-- Payments, refunds, the double-entry ledger, and coupons.

create table payments.payments (
    id uuid primary key,
    order_id uuid not null,
    attempt int not null check (attempt >= 1),
    order_number text not null,
    customer_id uuid not null,
    provider text not null check (provider in ('STRIPE', 'PAYPAL', 'MANUAL', 'FAKE')),
    provider_ref text,
    -- The fold over payment_events, kept here for reading.
    status text not null default 'CREATED' check (status in (
        'CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'AUTHORIZED', 'PARTIALLY_CAPTURED', 'CAPTURED',
        'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED', 'FAILED', 'EXPIRED', 'DISPUTED', 'UNRESOLVED')),
    amount bigint not null check (amount > 0),
    authorized bigint not null default 0,
    captured bigint not null default 0,
    refunded bigint not null default 0,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    client_secret text,
    redirect_url text,
    return_url text,
    decline_code text,
    -- What staff noted when they marked it paid.
    reference text,
    method_brand text,
    method_last4 text,
    method_exp_month int,
    method_exp_year int,
    method_wallet text,
    -- When an unpaid payment is given up.
    expires_at timestamptz not null,
    authorization_expires_at timestamptz,
    created_at timestamptz not null default payments.now(),
    updated_at timestamptz not null default payments.now(),
    -- When the provider was last asked, by the machine's clock.
    synced_at timestamptz not null default pg_catalog.now(),
    version int not null default 1,
    unique (order_id, attempt),
    check (0 <= refunded and refunded <= captured and captured <= authorized)
);
create unique index payments_provider_ref on payments.payments (provider, provider_ref);
create index payments_open on payments.payments (synced_at)
    where status in ('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'AUTHORIZED', 'FAILED');
create index payments_unresolved on payments.payments (created_at) where status = 'UNRESOLVED';

-- Calls to the provider, written before they are made.
create table payments.payment_attempts (
    payment_id uuid not null references payments.payments,
    number int not null,
    operation text not null,
    idempotency_key text not null,
    -- Status of the payment when the call began, then when its outcome was known.
    status text not null,
    error_code text,
    error_message text,
    -- The provider keeps a failure of its own under the key: the next call needs another one.
    key_spoilt boolean not null default false,
    started_at timestamptz not null default payments.now(),
    finished_at timestamptz,
    primary key (payment_id, number)
);

-- What was heard of a payment. Status and amounts are a fold over the facts, whatever their order.
create table payments.payment_events (
    id uuid primary key,
    payment_id uuid not null references payments.payments,
    type text not null,
    source text not null check (source in ('WEBHOOK', 'API', 'STAFF', 'IMPORT', 'SYSTEM')),
    provider_event_id text,
    fact jsonb,
    amount bigint,
    provider_created_at timestamptz,
    received_at timestamptz not null default payments.now(),
    applied boolean not null,
    ignored_reason text,
    unique (payment_id, provider_event_id)
);

-- Everything the provider sent with a good signature, before anything is done about it.
create table payments.webhook_inbox (
    provider text not null,
    event_id text not null,
    type text not null,
    payload jsonb not null,
    provider_created_at timestamptz,
    received_at timestamptz not null default pg_catalog.now(),
    attempts int not null default 0,
    next_at timestamptz not null default pg_catalog.now(),
    processed_at timestamptz,
    outcome text,
    primary key (provider, event_id)
);
create index webhook_inbox_due on payments.webhook_inbox (next_at) where processed_at is null;

create table payments.payment_refunds (
    id uuid primary key,
    payment_id uuid not null references payments.payments,
    -- The decision in the orders service; absent for money that went back without one.
    refund_id uuid unique,
    order_id uuid not null,
    amount bigint not null check (amount > 0),
    currency text not null,
    status text not null check (status in ('PENDING', 'SUBMITTED', 'SUCCEEDED', 'FAILED', 'REVERSED')),
    provider_ref text,
    -- [{vendor_order, vendor, amount, lines}]
    parts jsonb not null default '[]',
    failure_reason text,
    -- How often it was begun: part of the idempotency key.
    tries int not null default 1,
    tried_at timestamptz not null default pg_catalog.now(),
    created_at timestamptz not null default payments.now(),
    updated_at timestamptz not null default payments.now()
);
create index payment_refunds_payment on payments.payment_refunds (payment_id, created_at);
create unique index payment_refunds_provider_ref on payments.payment_refunds (provider_ref);
create index payment_refunds_open on payments.payment_refunds (tried_at) where status in ('PENDING', 'SUBMITTED');

-- The vendors' parts of an order with their commissions, frozen at capture.
create table payments.order_shares (
    vendor_order_id uuid primary key,
    order_id uuid not null,
    vendor_id uuid not null,
    currency text not null,
    subtotal bigint not null,
    platform_discount bigint not null,
    vendor_discount bigint not null,
    loyalty bigint not null,
    shipping bigint not null,
    tax bigint not null,
    total bigint not null,
    commission bigint not null,
    vendor_net bigint not null,
    created_at timestamptz not null default payments.now()
);
create index order_shares_order on payments.order_shares (order_id);

create table payments.commission_rules (
    id uuid primary key,
    -- Absent: the rule of the platform.
    vendor_id uuid,
    basis_points int not null check (basis_points between 0 and 10000),
    effective_from timestamptz not null,
    created_at timestamptz not null default pg_catalog.now()
);
create index commission_rules_vendor on payments.commission_rules (vendor_id, effective_from desc);
-- Ten percent from the beginning of time.
insert into payments.commission_rules (id, vendor_id, basis_points, effective_from)
values ('01900000-0000-7000-8000-000000000001', null, 1000, '1970-01-01T00:00:00Z');

-- The ledger: append-only, and every transaction balances.
create table payments.ledger_transactions (
    id uuid primary key,
    kind text not null check (kind in ('CAPTURE', 'ACCRUAL', 'REFUND', 'REFUND_RETURNED', 'DISPUTE')),
    order_id uuid not null,
    payment_id uuid references payments.payments,
    currency text not null,
    -- What it was booked for: the same thing is never booked twice.
    ref_type text not null,
    ref_id text not null,
    created_at timestamptz not null default payments.now(),
    unique (kind, ref_type, ref_id)
);

create table payments.ledger_entries (
    id uuid primary key,
    transaction_id uuid not null references payments.ledger_transactions,
    account text not null check (account in (
        'CUSTOMER_CLEARING', 'PSP_RECEIVABLE', 'VENDOR_PENDING', 'VENDOR_AVAILABLE', 'VENDOR_PAID',
        'PLATFORM_COMMISSION', 'PLATFORM_PROMO', 'TAX_PAYABLE', 'PSP_FEES', 'LOYALTY_LIABILITY', 'ROUNDING')),
    order_id uuid not null,
    vendor_id uuid,
    vendor_order_id uuid,
    currency text not null,
    debit bigint not null default 0 check (debit >= 0),
    credit bigint not null default 0 check (credit >= 0),
    created_at timestamptz not null default payments.now(),
    check ((debit = 0) <> (credit = 0))
);
create index ledger_entries_transaction on payments.ledger_entries (transaction_id);
create index ledger_entries_vendor_order on payments.ledger_entries (vendor_order_id) where vendor_order_id is not null;
create index ledger_entries_vendor on payments.ledger_entries (vendor_id, account, currency) where vendor_id is not null;
create index ledger_entries_order on payments.ledger_entries (order_id);
create index ledger_entries_account on payments.ledger_entries (currency, account);

create function payments.check_balance() returns trigger language plpgsql as $$
begin
    if exists (
        select from payments.ledger_entries
        where transaction_id = new.transaction_id
        group by currency
        having sum(debit) <> sum(credit)
    ) then
        raise exception 'ledger transaction % does not balance', new.transaction_id
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger ledger_balances after insert on payments.ledger_entries
    deferrable initially deferred for each row execute function payments.check_balance();

create function payments.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only' using errcode = 'restrict_violation';
end $$;
create trigger ledger_entries_append_only before update or delete on payments.ledger_entries
    for each row execute function payments.refuse_change();
create trigger ledger_transactions_append_only before update or delete on payments.ledger_transactions
    for each row execute function payments.refuse_change();
create trigger ledger_entries_no_truncate before truncate on payments.ledger_entries
    for each statement execute function payments.refuse_change();
create trigger ledger_transactions_no_truncate before truncate on payments.ledger_transactions
    for each statement execute function payments.refuse_change();

create table payments.coupons (
    id uuid primary key,
    -- Upper case: twins that differ in case only are one code.
    code text not null check (code = upper(code)),
    kind text not null check (kind in ('PERCENT', 'FIXED', 'FREE_SHIPPING', 'BUY_X_GET_Y')),
    scope text not null check (scope in ('PLATFORM', 'VENDOR')),
    vendor_id uuid,
    percent_basis_points int check (percent_basis_points between 1 and 10000),
    amount bigint check (amount > 0),
    currency text,
    buy_quantity int check (buy_quantity between 1 and 999),
    get_quantity int check (get_quantity between 1 and 999),
    max_discount bigint check (max_discount > 0),
    min_subtotal bigint check (min_subtotal >= 0),
    starts_at timestamptz,
    ends_at timestamptz,
    usage_limit int check (usage_limit > 0),
    per_customer_limit int check (per_customer_limit > 0),
    used int not null default 0 check (used >= 0),
    stackable boolean not null default false,
    customer_tiers text[] not null default '{}',
    category_ids uuid[] not null default '{}',
    product_ids uuid[] not null default '{}',
    active boolean not null default true,
    created_at timestamptz not null default payments.now(),
    version int not null default 1,
    constraint coupons_code unique (code),
    check ((scope = 'VENDOR') = (vendor_id is not null)),
    check (kind <> 'PERCENT' or percent_basis_points is not null),
    check (kind <> 'FIXED' or (amount is not null and currency is not null)),
    check (kind <> 'BUY_X_GET_Y' or (buy_quantity is not null and get_quantity is not null)),
    check (starts_at is null or ends_at is null or starts_at < ends_at)
);
create index coupons_vendor on payments.coupons (vendor_id, created_at desc) where vendor_id is not null;
create index coupons_age on payments.coupons (created_at desc, id desc);

-- Where the coupons of an order stand. A release that comes first leaves its row, and a later hold finds it.
create table payments.order_coupons (
    order_id uuid primary key,
    state text not null check (state in ('HELD', 'RELEASED', 'REDEEMED')),
    updated_at timestamptz not null default payments.now()
);

create table payments.coupon_redemptions (
    id uuid primary key,
    coupon_id uuid not null references payments.coupons,
    order_id uuid not null references payments.order_coupons,
    customer_id uuid not null,
    status text not null check (status in ('HELD', 'REDEEMED', 'RELEASED', 'REVERSED')),
    discount bigint not null check (discount >= 0),
    currency text not null,
    created_at timestamptz not null default payments.now(),
    updated_at timestamptz not null default payments.now(),
    unique (coupon_id, order_id)
);
create index coupon_redemptions_order on payments.coupon_redemptions (order_id);
create index coupon_redemptions_customer on payments.coupon_redemptions (customer_id, coupon_id);
create index coupon_redemptions_coupon on payments.coupon_redemptions (coupon_id, created_at desc, id desc);
