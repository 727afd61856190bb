//! What other services tell.

use crate::actions::loyalty;
use contracts::events::{OrderConfirmed, RefundStatusChanged};
use platform::{Error, Money, Tx, events::Received};

/// A sale brings points and counts for the tier.
pub async fn order_confirmed(tx: &mut Tx, received: Received<OrderConfirmed>) -> Result<(), Error> {
    let event = received.event;
    loyalty::earn(
        tx,
        event.order,
        event.customer,
        Money::new(event.total, event.currency),
    )
    .await
}

/// Money that went back takes its points along.
pub async fn refund_status_changed(
    tx: &mut Tx,
    received: Received<RefundStatusChanged>,
) -> Result<(), Error> {
    let event = received.event;
    if event.to != "SUCCEEDED" {
        return Ok(());
    }
    loyalty::refund(tx, event.order, event.customer, event.currency, event.total).await
}
