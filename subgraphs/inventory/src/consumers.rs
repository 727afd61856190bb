//! What this service does about facts of others.

use crate::{
    actions::deliver,
    store::variants::{self, Told, Variant},
};
use contracts::events::{ProductChanged, ShipmentStatusChanged};
use platform::{Error, Tx, events::Received, ids::ProductId};
use std::collections::BTreeMap;

/// Keeps the copy of the catalogue.
pub async fn products_changed(tx: &mut Tx, facts: Vec<Received<ProductChanged>>) -> Result<(), Error> {
    // Of several facts about a product the newest says all.
    let mut newest: BTreeMap<ProductId, Received<ProductChanged>> = BTreeMap::new();
    for fact in facts {
        let known = newest.get(&fact.event.product);
        if known.is_none_or(|known| known.occurred_at <= fact.occurred_at) {
            newest.insert(fact.event.product, fact);
        }
    }
    let mut told = Told::default();
    let mut variants = Vec::new();
    for fact in newest.into_values() {
        let event = fact.event;
        told.products.push((event.product, fact.occurred_at));
        for variant in event.variants {
            variants.push(Variant {
                id: variant.id,
                product: event.product,
                vendor: event.vendor,
            });
            told.skus.push(variant.sku);
            told.active.push(variant.active);
        }
    }
    variants::learn(&mut **tx, &variants, &told.skus).await?;
    told.ids = variants.into_iter().map(|variant| variant.id.0).collect();
    variants::change(tx, &told).await?;
    Ok(())
}

/// Pieces that leave the warehouse leave the books.
pub async fn shipment_status_changed(
    tx: &mut Tx,
    fact: Received<ShipmentStatusChanged>,
) -> Result<(), Error> {
    match fact.event.left_warehouse {
        true => deliver::ship(tx, &fact.event).await,
        false => Ok(()),
    }
}
