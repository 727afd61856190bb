//! What other services tell.

use crate::actions::{loyalty, vip};
use contracts::events::{CustomerRegistered, OrderConfirmed, OrderStatusChanged, RefundStatusChanged};
use platform::{Error, Tx, events::Received};

/// What was bought as a guest counts for the tier of the account.
pub async fn customer_registered(tx: &mut Tx, received: Received<CustomerRegistered>) -> Result<(), Error> {
    vip::rise(tx, received.event.customer).await
}

/// A sale brings points and counts for the tier.
pub async fn order_confirmed(tx: &mut Tx, received: Received<OrderConfirmed>) -> Result<(), Error> {
    loyalty::earn(tx, &received.event).await
}

/// Delivered, completed or called off: when, and whether, its points can be spent.
pub async fn order_status_changed(tx: &mut Tx, received: Received<OrderStatusChanged>) -> Result<(), Error> {
    loyalty::progress(tx, &received.event, received.occurred_at).await
}

/// Money that went back takes its points along.
pub async fn refund_status_changed(
    tx: &mut Tx,
    received: Received<RefundStatusChanged>,
) -> Result<(), Error> {
    match received.event.to.as_str() {
        "SUCCEEDED" => loyalty::refund(tx, &received.event).await,
        _ => Ok(()),
    }
}
