//! Announcements.

use crate::domain::types::{AnnouncementAudience, name};
use chrono::{DateTime, Utc};
use platform::{
    Tx,
    ids::{SystemAnnouncementId, uuids},
};
use sqlx::PgExecutor;

#[derive(Clone, Debug)]
pub struct Row {
    pub id: SystemAnnouncementId,
    pub title: String,
    pub body: String,
    pub audience: AnnouncementAudience,
    pub severity: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub published_at: Option<DateTime<Utc>>,
}

/// A new announcement.
pub struct New {
    pub title: String,
    pub body: String,
    pub audience: AnnouncementAudience,
    pub severity: String,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
}

pub async fn insert(tx: &mut Tx, id: SystemAnnouncementId, new: &New) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.announcements (id, title, body, audience, severity, starts_at, ends_at)
         values ($1, $2, $3, $4, $5, coalesce($6, notifications.now()), $7)",
        id.0,
        new.title,
        new.body,
        name(new.audience),
        new.severity,
        new.starts_at,
        new.ends_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// False: there is none.
pub async fn retract(tx: &mut Tx, id: SystemAnnouncementId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update notifications.announcements set retracted_at = coalesce(retracted_at, notifications.now())
         where id = $1",
        id.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What is announced now to these audiences, newest first.
pub async fn current(
    db: impl PgExecutor<'_>,
    audiences: &[AnnouncementAudience],
) -> Result<Vec<Row>, sqlx::Error> {
    let audiences: Vec<String> = audiences.iter().map(name).collect();
    sqlx::query_as!(
        Row,
        r#"select id as "id: SystemAnnouncementId", title, body, audience as "audience: AnnouncementAudience",
                  severity, starts_at, ends_at, case when retracted_at is null then published_at end as published_at
           from notifications.announcements
           where audience = any($1) and retracted_at is null and starts_at <= notifications.now()
             and (ends_at is null or ends_at > notifications.now())
           order by starts_at desc, id desc limit 100"#,
        &audiences
    )
    .fetch_all(db)
    .await
}

/// Announcements by ID; those that are over, retracted or still to come are for staff only.
pub async fn by_ids(
    db: impl PgExecutor<'_>,
    audiences: &[AnnouncementAudience],
    staff: bool,
    ids: &[SystemAnnouncementId],
) -> Result<Vec<Row>, sqlx::Error> {
    let audiences: Vec<String> = audiences.iter().map(name).collect();
    sqlx::query_as!(
        Row,
        r#"select id as "id: SystemAnnouncementId", title, body, audience as "audience: AnnouncementAudience",
                  severity, starts_at, ends_at, case when retracted_at is null then published_at end as published_at
           from notifications.announcements
           where id = any($1) and ($2 or (audience = any($3) and retracted_at is null
             and starts_at <= notifications.now() and (ends_at is null or ends_at > notifications.now())))"#,
        &uuids(ids),
        staff,
        &audiences
    )
    .fetch_all(db)
    .await
}
