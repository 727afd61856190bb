-- Points become available after the return window, live in lots that expire, and never fall below zero; renewals;
-- favourite categories.

-- The programme's periods. One row: they are data, not code.
create table users.loyalty_programme (
    only_row boolean primary key default true check (only_row),
    -- How long points can be spent once they are available.
    points_valid_days int not null check (points_valid_days > 0),
    -- Return window of orders whose vendors are unknown here.
    return_days int not null check (return_days >= 0),
    -- How long a tier holds, and the time over which spend counts for it.
    membership_days int not null check (membership_days > 0)
);
insert into users.loyalty_programme values (true, 730, 14, 365);

-- Points that became available together. They are spent in the order in which they expire.
create table users.loyalty_lots (
    id uuid primary key,
    customer_id uuid not null references users.customers,
    points int not null check (points > 0),
    remaining int not null check (remaining between 0 and points),
    expires_at timestamptz not null
);
create index loyalty_lots_open on users.loyalty_lots (customer_id, expires_at, id) where remaining > 0;
create index loyalty_lots_expiry on users.loyalty_lots (expires_at) where remaining > 0;

-- Where the points of a hold come from, so that a release gives them back with the days they had left.
create table users.loyalty_hold_lots (
    order_id uuid not null references users.loyalty_holds,
    lot_id uuid not null references users.loyalty_lots,
    points int not null check (points > 0),
    primary key (order_id, lot_id)
);
alter table users.loyalty_holds drop constraint loyalty_holds_state_check;
alter table users.loyalty_holds add constraint loyalty_holds_state_check
    check (state in ('HELD', 'REDEEMED', 'RELEASED', 'REVERSED'));

-- What each line of the ledger does to each counter; the counters are the sums.
alter table users.loyalty_transactions
    add column available int not null default 0,
    add column pending int not null default 0,
    add column held int not null default 0,
    add column expires_at timestamptz;
alter table users.loyalty_transactions disable trigger loyalty_transactions_append_only;
update users.loyalty_transactions set
    available = case kind when 'REDEEM' then 0 else points end,
    held = case kind when 'HOLD' then -points when 'RELEASE' then -points when 'REDEEM' then points else 0 end;
alter table users.loyalty_transactions enable trigger loyalty_transactions_append_only;

-- Points that had been spent when their order was refunded were a negative balance. They are owed instead, and taken
-- from the next points.
alter table users.loyalty_accounts
    add column pending int not null default 0 check (pending >= 0),
    add column owed int not null default 0 check (owed >= 0);
insert into users.loyalty_transactions (id, customer_id, kind, points, available, reason)
select gen_random_uuid(), customer_id, 'ADJUST', -available, -available, 'owed from now on'
from users.loyalty_accounts where available < 0;
update users.loyalty_accounts set owed = -available, available = 0 where available < 0;
alter table users.loyalty_accounts add constraint loyalty_accounts_available_check check (available >= 0);
insert into users.loyalty_lots (id, customer_id, points, remaining, expires_at)
select gen_random_uuid(), customer_id, available, available, users.now() + interval '730 days'
from users.loyalty_accounts where available > 0;
-- Points that are set aside just now have lots to go back to.
with held as materialized (
    select order_id, customer_id, points, gen_random_uuid() as lot from users.loyalty_holds
    where state = 'HELD' and points > 0 and customer_id is not null
), lots as (
    insert into users.loyalty_lots (id, customer_id, points, remaining, expires_at)
    select lot, customer_id, points, 0, users.now() + interval '730 days' from held
)
insert into users.loyalty_hold_lots (order_id, lot_id, points) select order_id, lot, points from held;

-- Points of an order are pending until its return window is over. Those of before this migration are not.
alter table users.loyalty_orders
    add column return_days int,
    add column delivered_at timestamptz,
    add column completed_at timestamptz,
    add column canceled boolean not null default false,
    add column matures_at timestamptz,
    add column matured_at timestamptz;
update users.loyalty_orders set matured_at = coalesce(confirmed_at, users.now()) where total is not null;
create index loyalty_orders_ripe on users.loyalty_orders (matures_at) where matured_at is null;

-- Benefits decide: the multiplier is the highest active POINTS_MULTIPLIER benefit of the tier and those below. The
-- column stays for the release before this one.
alter table users.vip_tiers alter column points_multiplier_basis_points set default 10000;
create index customers_renewal on users.customers (vip_renews_at) where vip_renews_at is not null;

alter table users.customers add column favourite_category_ids uuid[] not null default '{}'
    check (cardinality(favourite_category_ids) <= 50);

-- Where a vendor's logo lies.
alter table users.vendors add column if not exists logo_url text;
