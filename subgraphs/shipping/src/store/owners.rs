//! Whose an order is: it changes when a guest becomes part of an account.

use contracts::events::OrdersReassigned;
use platform::{Error, Tx, events::Received, ids::uuids};

/// What follows an order follows it to its new customer.
pub async fn reassigned(tx: &mut Tx, received: Received<OrdersReassigned>) -> Result<(), Error> {
    let OrdersReassigned { customer, orders } = received.event;
    let orders = uuids(&orders);
    sqlx::query!(
        "update shipping.orders set customer_id = $1 where id = any($2) and customer_id <> $1",
        customer.0,
        &orders
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update shipping.shipments set customer_id = $1 where order_id = any($2) and customer_id <> $1",
        customer.0,
        &orders
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
