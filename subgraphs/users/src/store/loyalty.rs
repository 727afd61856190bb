//! Points: an append-only ledger, its counters, holds, and what each order has brought.

use crate::{domain::loyalty::LoyaltyTxKind, schema::loyalty::LoyaltyTransaction};
use chrono::{DateTime, Utc};
use platform::ids::{CustomerId, LoyaltyTransactionId, OrderId, uuids};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A line of the ledger to be.
pub struct Entry<'a> {
    pub customer: CustomerId,
    pub kind: LoyaltyTxKind,
    pub points: i32,
    pub order: Option<OrderId>,
    pub reason: Option<&'a str>,
    pub actor: Option<&'a str>,
}

/// Changes of the counters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    pub available: i32,
    pub held: i32,
    pub lifetime: i32,
}

pub async fn append(db: &mut PgConnection, entry: Entry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.loyalty_transactions (id, customer_id, kind, points, order_id, reason, actor)
        values ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        entry.customer.0,
        entry.kind as _,
        entry.points,
        entry.order.map(|order| order.0),
        entry.reason,
        entry.actor
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Moves the counters, whatever comes out; opens the account if need be.
pub async fn change(db: &mut PgConnection, customer: CustomerId, by: Change) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.loyalty_accounts as a (customer_id, available, held, lifetime)
        values ($1, $2, greatest($3, 0), greatest($4, 0))
        on conflict (customer_id) do update set available = a.available + $2, held = a.held + $3,
            lifetime = greatest(a.lifetime + $4, 0)",
        customer.0,
        by.available,
        by.held,
        by.lifetime
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes points if that many are available; else says how many are.
pub async fn take(
    db: &mut PgConnection,
    customer: CustomerId,
    points: i32,
    hold: bool,
) -> Result<Result<(), i32>, sqlx::Error> {
    let taken = sqlx::query!(
        "update users.loyalty_accounts set available = available - $2, held = held + case when $3 then $2 else 0 end
        where customer_id = $1 and available >= $2",
        customer.0,
        points,
        hold
    )
    .execute(&mut *db)
    .await?
    .rows_affected();
    if taken == 1 {
        return Ok(Ok(()));
    }
    let available: Option<i32> = sqlx::query_scalar!(
        "select available from users.loyalty_accounts where customer_id = $1",
        customer.0
    )
    .fetch_optional(db)
    .await?;
    Ok(Err(available.unwrap_or(0).max(0)))
}

/// State of the hold of an order, locked.
#[derive(Debug)]
pub struct Hold {
    pub customer: Option<CustomerId>,
    pub points: i32,
    pub state: String,
}

/// Puts a hold there. False if the order has one in whatever state.
pub async fn insert_hold(
    db: &mut PgConnection,
    order: OrderId,
    customer: Option<CustomerId>,
    points: i32,
    state: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into users.loyalty_holds (order_id, customer_id, points, state) values ($1, $2, $3, $4)
        on conflict do nothing",
        order.0,
        customer.map(|id| id.0),
        points,
        state
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn lock_hold(db: &mut PgConnection, order: OrderId) -> Result<Option<Hold>, sqlx::Error> {
    sqlx::query_as!(
        Hold,
        r#"select customer_id as "customer: CustomerId", points, state from users.loyalty_holds
        where order_id = $1 for update"#,
        order.0
    )
    .fetch_optional(db)
    .await
}

pub async fn set_hold(db: &mut PgConnection, order: OrderId, state: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.loyalty_holds set state = $2 where order_id = $1",
        order.0,
        state
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What an order counts for, locked.
#[derive(Debug)]
pub struct OrderPoints {
    pub total: Option<i64>,
    pub earned: i32,
    pub refunded: i64,
    pub reversed: i32,
}

/// The order's row, made if it is not there yet. `None`: there is no such customer.
pub async fn lock_order(
    db: &mut PgConnection,
    order: OrderId,
    customer: CustomerId,
    currency: &str,
) -> Result<Option<OrderPoints>, sqlx::Error> {
    sqlx::query!(
        "insert into users.loyalty_orders (order_id, customer_id, currency)
        select $1, id, $3 from users.customers where id = $2 on conflict do nothing",
        order.0,
        customer.0,
        currency
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_as!(
        OrderPoints,
        "select total, earned, refunded, reversed from users.loyalty_orders where order_id = $1 for update",
        order.0
    )
    .fetch_optional(db)
    .await
}

pub async fn set_order(
    db: &mut PgConnection,
    order: OrderId,
    points: &OrderPoints,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.loyalty_orders set total = $2, earned = $3, refunded = $4, reversed = $5,
            confirmed_at = coalesce(confirmed_at, case when $2::bigint is not null then users.now() end)
        where order_id = $1",
        order.0,
        points.total,
        points.earned,
        points.refunded,
        points.reversed
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Counters of an account.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub customer_id: CustomerId,
    pub available: i32,
    pub held: i32,
    pub lifetime: i32,
}

pub async fn accounts(pool: &PgPool, ids: &[CustomerId]) -> Result<Vec<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"select customer_id as "customer_id: CustomerId", available, held, lifetime from users.loyalty_accounts
        where customer_id = any($1)"#,
        &uuids(ids)
    )
    .fetch_all(pool)
    .await
}

/// One page of one account's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    pub customer: CustomerId,
    pub after: Option<(DateTime<Utc>, Uuid)>,
    pub limit: i64,
}

/// Pages of several accounts in one statement, newest first; the number is the position of the slice.
pub async fn slices(
    pool: &PgPool,
    slices: &[Slice],
) -> Result<Vec<(usize, LoyaltyTransaction)>, sqlx::Error> {
    let customers: Vec<Uuid> = slices.iter().map(|slice| slice.customer.0).collect();
    let ats: Vec<Option<DateTime<Utc>>> = slices.iter().map(|slice| slice.after.map(|(at, _)| at)).collect();
    let ids: Vec<Option<Uuid>> = slices.iter().map(|slice| slice.after.map(|(_, id)| id)).collect();
    let limits: Vec<i64> = slices.iter().map(|slice| slice.limit).collect();
    let rows = sqlx::query!(
        r#"select k.n as "n!", t.id as "id: LoyaltyTransactionId", t.kind as "kind: LoyaltyTxKind", t.points,
            t.order_id as "order_id: OrderId", t.reason, t.created_at
        from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::bigint[]) with ordinality
            as k (customer_id, at, id, size, n)
        cross join lateral (
            select * from users.loyalty_transactions t where t.customer_id = k.customer_id
                and (k.at is null or (t.created_at, t.id) < (k.at, k.id))
            order by t.created_at desc, t.id desc limit k.size
        ) t order by k.n, t.created_at desc, t.id desc"#,
        &customers,
        &ats as &[Option<DateTime<Utc>>],
        &ids as &[Option<Uuid>],
        &limits
    )
    .fetch_all(pool)
    .await?;
    let position = |n: i64| usize::try_from(n - 1).unwrap_or(0);
    Ok(rows
        .into_iter()
        .map(|row| {
            let (id, kind, points, order_id, reason, created_at) = (
                row.id,
                row.kind,
                row.points,
                row.order_id,
                row.reason,
                row.created_at,
            );
            (
                position(row.n),
                LoyaltyTransaction {
                    id,
                    kind,
                    points,
                    order_id,
                    reason,
                    created_at,
                },
            )
        })
        .collect())
}

/// Lines of the ledger, those of `customer` only unless `all`.
pub async fn transactions(
    pool: &PgPool,
    ids: &[LoyaltyTransactionId],
    all: bool,
    customer: Option<CustomerId>,
) -> Result<Vec<LoyaltyTransaction>, sqlx::Error> {
    sqlx::query_as!(
        LoyaltyTransaction,
        r#"select id as "id: LoyaltyTransactionId", kind as "kind: LoyaltyTxKind", points,
            order_id as "order_id: OrderId", reason, created_at
        from users.loyalty_transactions where id = any($1) and ($2 or customer_id = $3)"#,
        &uuids(ids),
        all,
        customer.map(|id| id.0)
    )
    .fetch_all(pool)
    .await
}
