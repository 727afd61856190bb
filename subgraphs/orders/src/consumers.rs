//! What this service does about the facts of others.

use crate::{
    actions::{
        fulfilment, merge, refunds,
        transitions::{self, SYSTEM},
    },
    domain::{
        order::OrderStatus,
        saga::{SagaKind, SagaStatus, Step},
    },
    error::infallible,
    store::{self, history::NewEvent},
};
use contracts::{
    events::{
        CustomersMerged, GuestOrdersClaimed, PaymentRefundStatusChanged, PaymentStatusChanged,
        ShipmentStatusChanged,
    },
    orders::MergeCarts,
    payments::PaymentState,
};
use platform::{Error, Tx, events::Received};

/// Wakes the saga that waits for the money. Money for an order that has expired starts its saga again.
pub async fn payment(tx: &mut Tx, received: Received<PaymentStatusChanged>) -> Result<(), Error> {
    let news = received.event;
    // An import does not wait for news: its driver has the answers already.
    let known = store::sagas::by_orders(&mut **tx, &[news.order]).await?.pop();
    if known.is_none_or(|saga| saga.kind == SagaKind::Import) {
        return Ok(());
    }
    let Some(mut saga) = store::sagas::lock_of_order(tx, news.order).await? else {
        return Ok(());
    };
    let Some(order) = store::orders::lock(tx, news.order).await? else {
        return Ok(());
    };
    let name = |state: PaymentState| screaming(&format!("{state:?}"));
    let (from, to) = (name(news.from), name(news.to));
    let event = NewEvent {
        order: order.id,
        kind: "PAYMENT_STATUS_CHANGED",
        vendor_order: None,
        from: Some(&from),
        to: Some(&to),
        actor: SYSTEM,
        note: news.decline_code.as_deref(),
        public: true,
    };
    store::history::append(tx, &event).await?;
    tx.hint(transitions::ORDER, order.id);
    tx.hint(transitions::CUSTOMER_ORDERS, order.customer_id);
    let paid = matches!(news.to, PaymentState::Authorized | PaymentState::Captured);
    if paid && order.status == OrderStatus::Expired && saga.status == SagaStatus::Compensated {
        // The cart went back to the customer and stays theirs.
        (saga.cart_id, saga.plan.late, saga.failure) = (None, true, None);
        saga.status = SagaStatus::Committing;
        Step::Secure.name().clone_into(&mut saga.step);
        store::sagas::redirect(tx, &saga).await?;
    } else if !matches!(saga.status, SagaStatus::Completed | SagaStatus::Compensated) {
        store::sagas::wake(&mut **tx, saga.id).await?;
    }
    tx.hint(transitions::SAGA, saga.id);
    Ok(())
}

/// `RequiresAction` becomes `REQUIRES_ACTION`.
fn screaming(name: &str) -> String {
    let mut text = String::new();
    for (i, c) in name.chars().enumerate() {
        if i > 0 && c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}

/// The money of a refund has moved or not.
pub async fn refund(tx: &mut Tx, received: Received<PaymentRefundStatusChanged>) -> Result<(), Error> {
    let news = received.event;
    let result = if news.succeeded {
        Ok(())
    } else {
        Err(news
            .failure_reason
            .unwrap_or_else(|| "refused by the provider".to_owned()))
    };
    refunds::settled(tx, news.refund, result)
        .await
        .map_err(infallible)
}

/// A shipment was created or moved.
pub async fn shipment(tx: &mut Tx, received: Received<ShipmentStatusChanged>) -> Result<(), Error> {
    fulfilment::shipment(tx, &received.event)
        .await
        .map_err(infallible)
}

/// A guest has logged in.
pub async fn customers_merged(tx: &mut Tx, received: Received<CustomersMerged>) -> Result<(), Error> {
    let CustomersMerged {
        guest,
        customer,
        strategy,
    } = received.event;
    let command = MergeCarts {
        guest,
        customer,
        strategy,
    };
    merge::customers(tx, &command).await
}

/// Somebody has shown that the mailbox of these orders is theirs.
pub async fn guest_orders_claimed(tx: &mut Tx, received: Received<GuestOrdersClaimed>) -> Result<(), Error> {
    let GuestOrdersClaimed { customer, orders } = received.event;
    merge::claim(tx, customer, &orders).await
}

#[cfg(test)]
mod tests {
    #[test]
    fn states_are_written_as_in_graphql() {
        assert_eq!(super::screaming("PartiallyRefunded"), "PARTIALLY_REFUNDED");
    }
}
