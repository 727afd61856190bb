//! The business clock of a transaction that replays history.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// From here on `orders.now()` is `at` in this transaction.
pub async fn set(db: &mut PgConnection, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query_scalar!("select set_config('agora.now', $1, true)", at.to_rfc3339())
        .fetch_one(db)
        .await?;
    Ok(())
}
