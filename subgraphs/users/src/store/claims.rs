//! Addresses that guests gave at a checkout.

use crate::store::customers;
use platform::ids::{CustomerId, OrderId};
use sqlx::PgConnection;

/// Keeps what a guest said, once per order. If the guest is part of an account by now, so is the order; at the same
/// moment, one waits for the other.
pub async fn insert(
    db: &mut PgConnection,
    order: OrderId,
    guest: CustomerId,
    email: &str,
) -> Result<(), sqlx::Error> {
    let owner = customers::owner(db, guest).await?;
    sqlx::query!(
        "insert into users.guest_contacts (order_id, customer_id, email, claimed_by)
        select $1, c.id, $3, $4 from users.customers c where c.id = $2 on conflict do nothing",
        order.0,
        guest.0,
        email,
        (owner != guest).then_some(owner.0)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The orders of guests who gave this address go to `customer`.
pub async fn claim(
    db: &mut PgConnection,
    customer: CustomerId,
    email: &str,
) -> Result<Vec<OrderId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update users.guest_contacts set claimed_by = $1
        where lower(email) = lower($2) and claimed_by is null and customer_id <> $1 and exists (
            select from users.customers c where c.id = customer_id and c.type = 'GUEST')
        returning order_id as "order_id: OrderId""#,
        customer.0,
        email
    )
    .fetch_all(db)
    .await
}

/// All orders of one guest go to `customer`.
pub async fn of_guest(
    db: &mut PgConnection,
    guest: CustomerId,
    customer: CustomerId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.guest_contacts set claimed_by = $2 where customer_id = $1 and claimed_by is null",
        guest.0,
        customer.0
    )
    .execute(db)
    .await?;
    Ok(())
}
