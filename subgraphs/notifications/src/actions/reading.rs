//! Marking messages as read.

use crate::store::notifications::{self, Row};
use chrono::{DateTime, Utc};
use platform::{Moment, Outcome, UserError, Viewer, ids::NotificationId, service::Deps};

pub async fn mark_read(deps: &Deps, viewer: &Viewer, id: NotificationId) -> Outcome<Row> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    if !notifications::mark_read(&mut tx, viewer, id).await? {
        return Err(UserError::not_found(id.to_string()).into());
    }
    let row = notifications::by_ids(&mut *tx, viewer, &[id]).await?.pop();
    let row = row.ok_or_else(|| UserError::not_found(id.to_string()))?;
    tx.commit().await?;
    Ok(row)
}

/// How many messages were unread.
pub async fn mark_all_read(deps: &Deps, viewer: &Viewer, before: Option<DateTime<Utc>>) -> Outcome<i32> {
    if viewer.user.is_none() && viewer.customer.is_none() {
        return Err(UserError::unauthenticated().into());
    }
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let count = notifications::mark_all_read(&mut tx, viewer, before).await?;
    tx.commit().await?;
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}
