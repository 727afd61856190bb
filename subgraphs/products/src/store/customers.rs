//! When a guest becomes somebody.

use platform::ids::{CustomerId, OrderId, uuids};
use sqlx::PgConnection;

/// The guest's lists become the customer's.
pub async fn merge(
    db: &mut PgConnection,
    guest: CustomerId,
    customer: CustomerId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.wishlists set customer_id = $2 where customer_id = $1",
        guest.0,
        customer.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was bought with these orders was bought by this customer.
pub async fn reassign(
    db: &mut PgConnection,
    customer: CustomerId,
    orders: &[OrderId],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.purchases (customer_id, product_id, order_id, purchased_at) \
         select $1, p.product_id, p.order_id, p.purchased_at from products.purchases p \
         where p.order_id = any($2) and p.customer_id <> $1 on conflict do nothing",
        customer.0,
        &uuids(orders)
    )
    .execute(db)
    .await?;
    Ok(())
}
