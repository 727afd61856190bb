//! What the catalogue does about facts of other services.

use crate::{actions::news, search::indexer, store};
use contracts::events::{
    CustomersMerged, LinesDelivered, OrderConfirmed, OrdersReassigned, StockReturned, StockStateChanged,
    VendorStatusChanged,
};
use platform::{
    Error, Tx,
    events::{Origin, Received},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A vendor that may not sell any more takes its products out of the shop window, and back when it may.
pub async fn vendor_status_changed(tx: &mut Tx, fact: Received<VendorStatusChanged>) -> Result<(), Error> {
    let VendorStatusChanged { vendor, approved, .. } = fact.event;
    if store::vendors::set(tx, vendor, approved, fact.occurred_at).await? {
        let shown = store::vendors::show_products(tx, vendor, approved).await?;
        let changes = store::products::changes(tx, &shown).await?;
        for change in &changes {
            tx.hint(indexer::CHANGED, change.product);
        }
        tx.emit_all(&changes).await?;
    }
    Ok(())
}

/// How often products were sold, for the order of lists.
pub async fn order_confirmed(tx: &mut Tx, fact: Received<OrderConfirmed>) -> Result<(), Error> {
    let mut pieces: BTreeMap<Uuid, i64> = BTreeMap::new();
    for line in &fact.event.lines {
        *pieces.entry(line.product.0).or_default() += i64::from(line.quantity);
    }
    let (products, pieces): (Vec<Uuid>, Vec<i64>) = pieces.into_iter().unzip();
    store::products::add_sold(tx, &products, &pieces).await?;
    tx.hint(indexer::CHANGED, fact.event.order);
    Ok(())
}

/// Who has what they bought, for verified reviews.
pub async fn lines_delivered(tx: &mut Tx, fact: Received<LinesDelivered>) -> Result<(), Error> {
    let LinesDelivered {
        order,
        customer,
        lines,
    } = fact.event;
    let arrived = lines.iter().filter(|line| line.delivered > 0);
    let products: Vec<Uuid> = arrived.map(|line| line.product.0).collect();
    store::reviews::add_purchases(tx, customer, order, &products).await?;
    Ok(())
}

/// A guest's lists are the customer's from now on.
pub async fn customers_merged(tx: &mut Tx, fact: Received<CustomersMerged>) -> Result<(), Error> {
    store::customers::merge(tx, fact.event.guest, fact.event.customer).await?;
    Ok(())
}

/// What a guest bought lets the customer review it.
pub async fn orders_reassigned(tx: &mut Tx, fact: Received<OrdersReassigned>) -> Result<(), Error> {
    store::customers::reassign(tx, fact.event.customer, &fact.event.orders).await?;
    Ok(())
}

/// Who waits for a variant hears that it is back. History tells nobody anything.
pub async fn stock_returned(tx: &mut Tx, facts: Vec<Received<StockReturned>>) -> Result<(), Error> {
    let live = facts.into_iter().filter(|fact| fact.origin == Origin::Live);
    let (ids, variants): (Vec<Uuid>, Vec<Uuid>) = live.map(|fact| (fact.id, fact.event.variant.0)).unzip();
    news::tell_returns(tx, &ids, &variants).await
}

/// Keeps the flag that `inStockOnly` filters by.
pub async fn stock_states_changed(tx: &mut Tx, facts: Vec<Received<StockStateChanged>>) -> Result<(), Error> {
    let states: Vec<_> = facts
        .iter()
        .map(|fact| {
            (
                fact.event.variant.0,
                fact.event.state != "OUT_OF_STOCK",
                fact.occurred_at,
            )
        })
        .collect();
    if let Some(fact) = facts.first() {
        tx.hint(indexer::CHANGED, fact.event.variant);
    }
    store::variants::set_stock(tx, &states).await?;
    Ok(())
}
