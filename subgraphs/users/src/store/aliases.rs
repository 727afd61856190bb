//! Guests who have become part of an account.

use platform::ids::{CustomerId, uuids};
use sqlx::{PgConnection, PgPool};

/// Makes a guest part of an account, unless it is part of one or has become one. True if it belongs to `customer`
/// afterwards.
pub async fn merge(
    db: &mut PgConnection,
    guest: CustomerId,
    customer: CustomerId,
) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "insert into users.customer_aliases (alias_id, customer_id)
        select id, $2 from (select id from users.customers where id = $1 and type = 'GUEST' and id <> $2 for no key update) g
        on conflict do nothing",
        guest.0,
        customer.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_scalar!(
        r#"select exists (select from users.customer_aliases where alias_id = $1 and customer_id = $2) as "merged!""#,
        guest.0,
        customer.0
    )
    .fetch_one(db)
    .await
}

/// (account, guest) pairs.
pub async fn aliases(
    pool: &PgPool,
    ids: &[CustomerId],
) -> Result<Vec<(CustomerId, CustomerId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select customer_id as "customer_id: CustomerId", alias_id as "alias_id: CustomerId"
        from users.customer_aliases where customer_id = any($1) order by at, alias_id"#,
        &uuids(ids)
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.customer_id, row.alias_id))
        .collect())
}

/// (guest, account) pairs.
pub async fn accounts_of(
    pool: &PgPool,
    guests: &[CustomerId],
) -> Result<Vec<(CustomerId, CustomerId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select alias_id as "alias_id: CustomerId", customer_id as "customer_id: CustomerId"
        from users.customer_aliases where alias_id = any($1)"#,
        &uuids(guests)
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.alias_id, row.customer_id))
        .collect())
}
