//! Points as they are shown: the counters and the ledger.

use crate::{domain::loyalty::LoyaltyTxKind, schema::loyalty::LoyaltyTransaction};
use chrono::{DateTime, Utc};
use platform::ids::{CustomerId, LoyaltyTransactionId, OrderId, uuids};
use sqlx::PgPool;
use uuid::Uuid;

/// Counters of an account.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub customer_id: CustomerId,
    pub available: i32,
    pub pending: i32,
    pub held: i32,
    pub lifetime: i32,
}

pub async fn accounts(pool: &PgPool, ids: &[CustomerId]) -> Result<Vec<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"select customer_id as "customer_id: CustomerId", available, pending, held, lifetime
        from users.loyalty_accounts
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
            t.order_id as "order_id: OrderId", t.reason, t.expires_at, t.created_at
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
            let line = LoyaltyTransaction {
                id: row.id,
                kind: row.kind,
                points: row.points,
                order_id: row.order_id,
                reason: row.reason,
                expires_at: row.expires_at,
                created_at: row.created_at,
            };
            (position(row.n), line)
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
            order_id as "order_id: OrderId", reason, expires_at, created_at
        from users.loyalty_transactions where id = any($1) and ($2 or customer_id = $3)"#,
        &uuids(ids),
        all,
        customer.map(|id| id.0)
    )
    .fetch_all(pool)
    .await
}
