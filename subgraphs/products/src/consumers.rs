//! What the catalogue does about facts of other services.

use crate::{search::indexer, store};
use contracts::events::{OrderConfirmed, StockStateChanged, VendorStatusChanged};
use platform::{Error, Tx, events::Received};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A vendor that may not sell any more takes its products out of the shop window, and back when it may.
pub async fn vendor_status_changed(tx: &mut Tx, fact: Received<VendorStatusChanged>) -> Result<(), Error> {
    let VendorStatusChanged { vendor, approved, .. } = fact.event;
    if store::vendors::set(tx, vendor, approved, fact.occurred_at).await? {
        let shown = store::vendors::show_products(tx, vendor, approved).await?;
        for change in store::products::changes(tx, &shown).await? {
            tx.hint(indexer::CHANGED, change.product);
            tx.emit(&change).await?;
        }
    }
    Ok(())
}

/// Who bought what, for verified reviews; and how often it was sold, for the order of lists.
pub async fn order_confirmed(tx: &mut Tx, fact: Received<OrderConfirmed>) -> Result<(), Error> {
    let mut pieces: BTreeMap<Uuid, i64> = BTreeMap::new();
    for line in &fact.event.lines {
        *pieces.entry(line.product.0).or_default() += i64::from(line.quantity);
    }
    let (products, pieces): (Vec<Uuid>, Vec<i64>) = pieces.into_iter().unzip();
    store::products::add_sold(tx, &products, &pieces).await?;
    tx.hint(indexer::CHANGED, fact.event.order);
    store::reviews::add_purchases(tx, fact.event.customer, fact.event.order, &products).await?;
    Ok(())
}

/// Keeps the flag that `inStockOnly` filters by.
pub async fn stock_state_changed(tx: &mut Tx, fact: Received<StockStateChanged>) -> Result<(), Error> {
    let available = fact.event.state != "OUT_OF_STOCK";
    tx.hint(indexer::CHANGED, fact.event.variant);
    store::variants::set_stock(tx, fact.event.variant, available, fact.occurred_at).await?;
    Ok(())
}
