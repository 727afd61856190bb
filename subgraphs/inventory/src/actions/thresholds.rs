//! When stock counts as low, and what is never sold.

use super::{adjust::levels, authority, settle};
use crate::store;
use platform::{
    Moment, Outcome, UserError, Viewer,
    ids::{StockLevelId, VariantId, WarehouseId},
    service::Deps,
};

/// New thresholds of a level.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    pub variant: VariantId,
    pub warehouse: WarehouseId,
    pub reorder_point: i32,
    /// Absent: stays as it is.
    pub safety_stock: Option<i32>,
}

pub async fn set(deps: &Deps, viewer: &Viewer, input: &Thresholds) -> Outcome<Vec<StockLevelId>> {
    const MAX: i32 = 1_000_000;
    for (name, value) in [
        ("reorderPoint", input.reorder_point),
        ("safetyStock", input.safety_stock.unwrap_or(0)),
    ] {
        if !(0..=MAX).contains(&value) {
            return Err(UserError::invalid(&[name], "0..1000000").into());
        }
    }
    authority::learn(deps, &[input.variant]).await?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let pair = (input.variant, input.warehouse);
    authority::lock(&mut tx, viewer, &[pair]).await?;
    let levels = levels(&mut tx, &[pair]).await?;
    let level = levels
        .get(&pair)
        .ok_or_else(|| UserError::not_found(input.variant.to_string()))?;
    let safety_stock = input.safety_stock.unwrap_or(level.safety_stock);
    store::levels::set_thresholds(&mut tx, level.id, input.reorder_point, safety_stock).await?;
    settle(&mut tx, &[input.variant.0]).await?;
    tx.commit().await?;
    Ok(vec![level.id])
}
