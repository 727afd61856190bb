//! Pieces go from one warehouse to another.

use super::{adjust::levels, apply, authority};
use crate::domain::ledger::{Cause, Change, InventoryTxType};
use platform::{
    Moment, Outcome, UserError, UserErrorCode, Viewer,
    idempotency::{self, Claimed},
    ids::{StockLevelId, VariantId, WarehouseId},
    service::Deps,
};
use serde::Serialize;

/// A transfer.
#[derive(Clone, Debug, Serialize)]
pub struct Transfer {
    pub variant: VariantId,
    pub from: WarehouseId,
    pub to: WarehouseId,
    pub quantity: i32,
    #[serde(skip)]
    pub key: String,
}

/// Only pieces that nobody was promised may go; safety stock may.
pub async fn transfer(deps: &Deps, viewer: &Viewer, input: &Transfer) -> Outcome<Vec<StockLevelId>> {
    if input.quantity < 1 {
        return Err(UserError::invalid(&["quantity"], "at least 1").into());
    }
    if input.from == input.to {
        return Err(UserError::invalid(&["toWarehouseId"], "another warehouse").into());
    }
    authority::learn(deps, &[input.variant]).await?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let claim = match idempotency::claim(&mut tx, viewer, "stockTransfer", &input.key, input).await? {
        Claimed::Replay(levels) => return Ok(levels),
        Claimed::Fresh(claim) => claim,
    };
    let pairs = [(input.variant, input.from), (input.variant, input.to)];
    authority::lock(&mut tx, viewer, &pairs).await?;
    let levels = levels(&mut tx, &pairs).await?;
    let unpromised = levels
        .get(&pairs[0])
        .map_or(0, |l| l.on_hand - l.reserved - l.allocated);
    if unpromised < input.quantity {
        let message = format!("{unpromised} pieces can be moved");
        return Err(authority::at(UserErrorCode::InsufficientStock, &["quantity"], message).into());
    }
    if levels
        .get(&pairs[1])
        .is_some_and(|l| l.on_hand.checked_add(input.quantity).is_none())
    {
        return Err(UserError::invalid(&["quantity"], "fewer").into());
    }
    let mut changed = Vec::new();
    for (warehouse, kind, on_hand) in [
        (input.from, InventoryTxType::TransferOut, -input.quantity),
        (input.to, InventoryTxType::TransferIn, input.quantity),
    ] {
        let other = if warehouse == input.from {
            input.to
        } else {
            input.from
        };
        let change = Change {
            on_hand,
            ..Change::of(input.variant, warehouse, Some(other.to_string()))
        };
        let cause = Cause {
            kind,
            ref_type: Some("WAREHOUSE"),
            reason: None,
            actor: &viewer.actor(),
        };
        changed.extend(apply(&mut tx, &[change], &cause, false).await?);
    }
    claim.store(&mut tx, &changed).await?;
    tx.commit().await?;
    Ok(changed)
}
