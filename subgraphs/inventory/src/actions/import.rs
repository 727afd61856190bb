//! Stock of another system: a warehouse that exists afterwards and has received the pieces.

use super::{apply, deliver::claim};
use crate::domain::{
    ledger::{Cause, Change, InventoryTxType},
    warehouse::NewWarehouse,
};
use crate::store::{self, variants::Variant};
use contracts::{Done, inventory::ImportStock};
use platform::{Error, PostalAddress, commands::Call, service::Deps};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const MAX_LINES: usize = 1_000;

pub async fn import(deps: &Deps, call: &Call, command: &ImportStock) -> Result<Done, Error> {
    if command.lines.len() > MAX_LINES || command.lines.iter().any(|line| line.quantity < 0) {
        return Err(Error::BadInput(format!(
            "at most {MAX_LINES} lines, none with a negative quantity"
        )));
    }
    let mut tx = deps.db.begin(call.moment).await?;
    let Some(claim) = claim(&mut tx, "import_stock", &command.key, &json!(command)).await? else {
        return Ok(Done {});
    };
    let warehouse = store::warehouses::find_or_create(&mut tx, &warehouse(command)).await?;
    let variants = variants(command);
    store::variants::learn(&mut *tx, &variants, &vec![String::new(); variants.len()]).await?;
    let ids: Vec<Uuid> = variants.iter().map(|v| v.id.0).collect();
    let known = store::variants::lock(&mut tx, &ids).await?;
    if let Some(foreign) = known.iter().find(|v| v.vendor != command.vendor) {
        return Err(Error::BadInput(format!("{} is not the vendor's", foreign.id)));
    }
    let pairs: BTreeSet<_> = ids.iter().map(|id| (*id, warehouse.0)).collect();
    store::levels::ensure(&mut tx, &pairs.into_iter().collect::<Vec<_>>()).await?;
    let changes: Vec<Change> = command
        .lines
        .iter()
        .filter(|line| line.quantity > 0)
        .map(|line| Change {
            on_hand: line.quantity,
            ..Change::of(line.variant, warehouse, None)
        })
        .collect();
    let cause = Cause {
        kind: InventoryTxType::Receipt,
        ref_type: Some("IMPORT"),
        reason: None,
        actor: &call.caller,
    };
    apply(&mut tx, &changes, &cause, false).await?;
    claim.store(&mut tx, &json!({})).await?;
    tx.commit().await?;
    Ok(Done {})
}

/// All that is known of the warehouse is its code and country; it serves the whole world, as the imported orders did.
fn warehouse(command: &ImportStock) -> NewWarehouse {
    NewWarehouse {
        code: command.warehouse_code.clone(),
        name: command.warehouse_code.clone(),
        address: PostalAddress {
            full_name: command.warehouse_code.clone(),
            company: None,
            line1: command.warehouse_code.clone(),
            line2: None,
            city: command.country.as_str().to_owned(),
            region: None,
            postal_code: None,
            country: command.country,
            phone: None,
        },
        vendor: Some(command.vendor),
        priority: 0,
        serves_countries: Vec::new(),
    }
}

fn variants(command: &ImportStock) -> Vec<Variant> {
    let by_id: BTreeMap<_, _> = command
        .lines
        .iter()
        .map(|line| (line.variant, line.product))
        .collect();
    by_id
        .into_iter()
        .map(|(id, product)| Variant {
            id,
            product,
            vendor: command.vendor,
        })
        .collect()
}
