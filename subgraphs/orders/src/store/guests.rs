//! What was a guest's and is an account's now.

use platform::ids::{CustomerId, OrderId, SagaId, uuids};
use sqlx::PgConnection;

/// Everything of the guest but its active cart, which is merged. Repeating it changes nothing.
/// Returns its orders.
pub async fn adopt(
    db: &mut PgConnection,
    guest: CustomerId,
    customer: CustomerId,
) -> sqlx::Result<Vec<OrderId>> {
    sqlx::query!(
        "insert into orders.customer_aliases (alias_id, customer_id) values ($1, $2) on conflict do nothing",
        guest.0,
        customer.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update orders.sagas set customer_id = $2
         where customer_id = $1 and status not in ('COMPLETED', 'COMPENSATED')",
        guest.0,
        customer.0
    )
    .execute(&mut *db)
    .await?;
    // A cart in a checkout: if that is undone, its lines come back to the account.
    sqlx::query!(
        "update orders.carts set customer_id = $2 where customer_id = $1 and status = 'LOCKED'",
        guest.0,
        customer.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_scalar!(
        r#"update orders.orders set customer_id = $2, version = version + 1 where customer_id = $1
           returning id as "id: OrderId""#,
        guest.0,
        customer.0
    )
    .fetch_all(db)
    .await
}

/// The account that has taken over the guest who began this checkout, while it was under way. The saga must be locked.
pub async fn taken_over(db: &mut PgConnection, saga: SagaId) -> sqlx::Result<Option<CustomerId>> {
    sqlx::query_scalar!(
        r#"select s.customer_id as "customer_id: CustomerId" from orders.sagas s where s.id = $1 and exists (
            select from orders.customer_aliases a where a.customer_id = s.customer_id and a.at >= s.created_at)"#,
        saga.0
    )
    .fetch_optional(db)
    .await
}

/// These orders are the customer's from now on. Returns those that were not.
pub async fn claim(
    db: &mut PgConnection,
    customer: CustomerId,
    orders: &[OrderId],
) -> sqlx::Result<Vec<OrderId>> {
    sqlx::query_scalar!(
        r#"update orders.orders set customer_id = $1, version = version + 1
           where id = any($2) and customer_id <> $1 returning id as "id: OrderId""#,
        customer.0,
        &uuids(orders)
    )
    .fetch_all(db)
    .await
}
