//! Ends reservations whose time has run out, by the database's clock.

use super::release::give_back;
use crate::domain::reservation::ReservationStatus;
use crate::store::reservations;
use platform::{Error, Moment, service::Deps};
use std::collections::HashMap;
use uuid::Uuid;

/// Reservations per transaction.
const BATCH: i64 = 50;

/// Ends some; says whether there may be more. Reservations that a command is working on are left alone.
pub async fn expire(deps: &Deps) -> Result<bool, Error> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let expired = reservations::lock_expired(&mut tx, BATCH).await?;
    if expired.is_empty() {
        return Ok(false);
    }
    let orders: HashMap<_, _> = expired.iter().map(|r| (r.id.0, r.order_id)).collect();
    give_back(&mut tx, &orders, Some("expired"), "service:inventory").await?;
    let ids: Vec<Uuid> = orders.into_keys().collect();
    reservations::set_status(&mut tx, &ids, ReservationStatus::Expired, false).await?;
    tx.commit().await?;
    tracing::info!(reservations = ids.len(), "reservations expired");
    Ok(i64::try_from(ids.len()).is_ok_and(|n| n == BATCH))
}
