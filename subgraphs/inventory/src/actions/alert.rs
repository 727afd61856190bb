//! Taking care of low-stock alerts.

use crate::domain::alert::{AlertStatus, LowStockAlert};
use crate::store::{self, Scope};
use platform::{Moment, Outcome, UserError, Viewer, ids::LowStockAlertId, service::Deps};

pub async fn acknowledge(deps: &Deps, viewer: &Viewer, id: LowStockAlertId) -> Outcome<LowStockAlert> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let mut alert = store::alerts::lock(&mut tx, &Scope::from(viewer), id)
        .await?
        .ok_or_else(|| UserError::not_found(id.to_string()))?;
    match alert.status {
        AlertStatus::Acknowledged => return Ok(alert),
        AlertStatus::Resolved => {
            return Err(UserError::invalid_transition("RESOLVED", "ACKNOWLEDGED", [""; 0]).into());
        }
        AlertStatus::Open => {}
    }
    store::alerts::acknowledge(&mut tx, id).await?;
    alert.status = AlertStatus::Acknowledged;
    tx.commit().await?;
    Ok(alert)
}
