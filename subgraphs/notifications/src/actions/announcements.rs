//! Announcements.

use crate::{
    domain::types::{AnnouncementAudience, name},
    store::announcements::{self, New, Row},
};
use platform::{
    Moment, Outcome, Tx, UserError, Viewer,
    address::text,
    idempotency::{self, Claimed},
    ids::SystemAnnouncementId,
    service::Deps,
};

/// The severities an announcement may have.
const SEVERITIES: [&str; 3] = ["INFO", "WARNING", "CRITICAL"];

/// Announces once per key.
pub async fn publish(deps: &Deps, viewer: &Viewer, new: New, key: &str) -> Outcome<Row> {
    let new = check(new)?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let input = (
        &new.title,
        &new.body,
        name(new.audience),
        &new.severity,
        new.starts_at,
        new.ends_at,
    );
    match idempotency::claim(&mut tx, viewer, "announcementPublish", key, &input).await? {
        Claimed::Replay(id) => find(&mut tx, id).await,
        Claimed::Fresh(claim) => {
            let id = SystemAnnouncementId::new();
            announcements::insert(&mut tx, id, &new).await?;
            let row = find(&mut tx, id).await?;
            claim.store(&mut tx, &id).await?;
            tx.hint("announcement", "all");
            tx.commit().await?;
            Ok(row)
        }
    }
}

/// Takes an announcement back; it is not deleted.
pub async fn retract(deps: &Deps, id: SystemAnnouncementId) -> Outcome<Row> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    if !announcements::retract(&mut tx, id).await? {
        return Err(UserError::not_found(id.to_string()).into());
    }
    let row = find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(row)
}

async fn find(tx: &mut Tx, id: SystemAnnouncementId) -> Outcome<Row> {
    let row = announcements::by_ids(&mut **tx, &[], true, &[id]).await?.pop();
    row.ok_or_else(|| UserError::not_found(id.to_string()).into())
}

fn check(new: New) -> Result<New, UserError> {
    let title = text(new.title, 200).ok_or_else(|| UserError::invalid(&["title"], "1..200 characters"))?;
    let body = platform::text::lines(&new.body, 5000)
        .filter(|body| !body.is_empty())
        .ok_or_else(|| UserError::invalid(&["body"], "1..5000 characters"))?;
    if !SEVERITIES.contains(&new.severity.as_str()) {
        return Err(UserError::invalid(&["severity"], "INFO, WARNING or CRITICAL"));
    }
    let start = new.starts_at.unwrap_or_else(chrono::Utc::now);
    if new.ends_at.is_some_and(|end| end <= start) {
        return Err(UserError::invalid(&["endsAt"], "after startsAt"));
    }
    Ok(New { title, body, ..new })
}

/// Which announcements a viewer sees.
pub fn audiences(viewer: &Viewer) -> Vec<AnnouncementAudience> {
    let mut audiences = vec![AnnouncementAudience::All];
    if viewer.user.is_some() {
        audiences.push(AnnouncementAudience::Customers);
    }
    if viewer.tier.is_some() || viewer.has(platform::Role::Vip) {
        audiences.push(AnnouncementAudience::Vip);
    }
    if !viewer.vendors.is_empty() {
        audiences.push(AnnouncementAudience::Vendors);
    }
    if viewer.is_staff() {
        audiences.extend([
            AnnouncementAudience::Staff,
            AnnouncementAudience::Vip,
            AnnouncementAudience::Vendors,
        ]);
    }
    audiences
}
