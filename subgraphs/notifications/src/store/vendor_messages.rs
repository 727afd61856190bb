//! Messages to vendors that wait until their members are known.

use crate::domain::draft::Draft;
use platform::{Tx, ids::VendorId};
use sqlx::{PgExecutor, types::Json};
use std::time::Duration;
use uuid::Uuid;

pub struct Waiting {
    pub event: Uuid,
    pub vendor: VendorId,
    pub draft: Json<Draft>,
    pub attempts: i32,
}

pub async fn insert(tx: &mut Tx, vendor: VendorId, draft: &Draft) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.vendor_messages (event_id, vendor_id, draft) values ($1, $2, $3)
         on conflict do nothing",
        draft.event,
        vendor.0,
        serde_json::to_value(draft).unwrap_or_default()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes messages that are due; they come back after `lease` unless they are deleted.
pub async fn claim(
    db: impl PgExecutor<'_>,
    limit: i64,
    lease: Duration,
) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as!(
        Waiting,
        r#"update notifications.vendor_messages w
           set attempts = attempts + 1, due_at = pg_catalog.now() + make_interval(secs => $2)
           where event_id in (select event_id from notifications.vendor_messages where due_at <= pg_catalog.now()
                              order by due_at limit $1 for update skip locked)
           returning event_id as event, vendor_id as "vendor: VendorId", draft as "draft: Json<Draft>", attempts"#,
        limit,
        lease.as_secs_f64()
    )
    .fetch_all(db)
    .await
}

/// False: another worker has done it.
pub async fn delete(tx: &mut Tx, event: Uuid) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "delete from notifications.vendor_messages where event_id = $1",
        event
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn retry_later(
    db: impl PgExecutor<'_>,
    events: &[Uuid],
    wait: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update notifications.vendor_messages set due_at = pg_catalog.now() + make_interval(secs => $2)
         where event_id = any($1)",
        events,
        wait.as_secs_f64()
    )
    .execute(db)
    .await?;
    Ok(())
}
