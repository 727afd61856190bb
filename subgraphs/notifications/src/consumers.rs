//! Facts of other services become messages. History that is imported tells nobody anything.

use crate::{
    actions::{crowd, notify::notify},
    domain::{
        draft::{self, Draft},
        preference::CHANNELS,
    },
    store::{mailboxes::Recipient, topics, vendor_messages},
};
use contracts::events::{
    LowStockRaised, OrderStatusChanged, RefundStatusChanged, ShipmentStatusChanged, VariantNews,
    VendorOrderStatusChanged, VendorStatusChanged, WishesFulfilled,
};
use platform::{
    Error, Tx,
    events::{Origin, Received},
    ids::{CustomerId, VendorId},
};

async fn tell_customer(
    tx: &mut Tx,
    origin: Origin,
    customer: CustomerId,
    draft: Option<Draft>,
) -> Result<(), Error> {
    match draft {
        Some(draft) if origin == Origin::Live => notify(tx, &[Recipient::Customer(customer)], &draft).await,
        _ => Ok(()),
    }
}

/// The worker asks who the members are.
async fn tell_vendor(
    tx: &mut Tx,
    origin: Origin,
    vendor: VendorId,
    draft: Option<Draft>,
) -> Result<(), Error> {
    if let Some(draft) = draft.filter(|_| origin == Origin::Live) {
        vendor_messages::insert(tx, vendor, &draft).await?;
        tx.hint("outgoing", "vendor");
    }
    Ok(())
}

pub async fn order(tx: &mut Tx, fact: Received<OrderStatusChanged>) -> Result<(), Error> {
    tell_customer(
        tx,
        fact.origin,
        fact.event.customer,
        draft::order(fact.id, &fact.event),
    )
    .await
}

pub async fn vendor_order(tx: &mut Tx, fact: Received<VendorOrderStatusChanged>) -> Result<(), Error> {
    let event = &fact.event;
    tell_customer(
        tx,
        fact.origin,
        event.customer,
        draft::vendor_order_for_customer(fact.id, event),
    )
    .await?;
    tell_vendor(
        tx,
        fact.origin,
        event.vendor,
        draft::vendor_order_for_vendor(fact.id, event),
    )
    .await
}

pub async fn refund(tx: &mut Tx, fact: Received<RefundStatusChanged>) -> Result<(), Error> {
    tell_customer(
        tx,
        fact.origin,
        fact.event.customer,
        draft::refund(fact.id, &fact.event),
    )
    .await
}

pub async fn shipment(tx: &mut Tx, fact: Received<ShipmentStatusChanged>) -> Result<(), Error> {
    tell_customer(
        tx,
        fact.origin,
        fact.event.customer,
        draft::shipment(fact.id, &fact.event),
    )
    .await
}

/// This fact names the members itself.
pub async fn vendor(tx: &mut Tx, fact: Received<VendorStatusChanged>) -> Result<(), Error> {
    let members: Vec<_> = fact
        .event
        .members
        .iter()
        .map(|user| Recipient::User(*user))
        .collect();
    match draft::vendor(fact.id, &fact.event) {
        Some(draft) if fact.origin == Origin::Live => notify(tx, &members, &draft).await,
        _ => Ok(()),
    }
}

/// Its subscribers are told by the worker.
pub async fn variant_news(tx: &mut Tx, fact: Received<VariantNews>) -> Result<(), Error> {
    let news = fact.event;
    let told = fact.origin == Origin::Live
        && topics::queue(tx, news.kind.into(), news.variant, &draft::news(&news)).await?;
    if told {
        tx.hint("outgoing", "topic");
    }
    Ok(())
}

/// A part of those whose wishlists wait for the news.
pub async fn wishes(tx: &mut Tx, fact: Received<WishesFulfilled>) -> Result<(), Error> {
    if fact.origin != Origin::Live {
        return Ok(());
    }
    let WishesFulfilled { news, customers } = fact.event;
    let customers: Vec<Recipient> = customers.into_iter().map(Recipient::Customer).collect();
    crowd::tell(tx, &customers, &draft::news(&news), &CHANNELS).await
}

pub async fn low_stock(tx: &mut Tx, fact: Received<LowStockRaised>) -> Result<(), Error> {
    let draft = draft::low_stock(fact.id, &fact.event);
    tell_vendor(tx, fact.origin, fact.event.vendor, Some(draft)).await
}
