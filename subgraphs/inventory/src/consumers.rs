//! What this service does about facts of others.

use crate::{
    actions::deliver,
    store::variants::{self, Variant},
};
use contracts::events::{ProductChanged, ShipmentStatusChanged};
use platform::{Error, Tx, events::Received};
use uuid::Uuid;

/// Keeps the copy of the catalogue.
pub async fn product_changed(tx: &mut Tx, fact: Received<ProductChanged>) -> Result<(), Error> {
    let event = fact.event;
    let told: Vec<Variant> = event
        .variants
        .iter()
        .map(|variant| Variant {
            id: variant.id,
            product: event.product,
            vendor: event.vendor,
        })
        .collect();
    let ids: Vec<Uuid> = told.iter().map(|variant| variant.id.0).collect();
    let skus: Vec<String> = event.variants.iter().map(|v| v.sku.clone()).collect();
    let active: Vec<bool> = event.variants.iter().map(|v| v.active).collect();
    variants::learn(&mut **tx, &told, &skus).await?;
    variants::change(tx, event.product, &ids, &skus, &active, fact.occurred_at).await?;
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
