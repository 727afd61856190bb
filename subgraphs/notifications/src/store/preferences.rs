//! What people have switched off, and the key that signs the tokens to do so.

use crate::domain::types::{Channel, NotificationCategory, name};
use platform::{
    Tx,
    ids::{UserId, uuids},
};
use sqlx::PgExecutor;

#[derive(Clone, Debug)]
pub struct Row {
    pub user: UserId,
    pub category: NotificationCategory,
    pub channel: Channel,
    pub enabled: bool,
}

/// Choices of these users; what is missing is switched on.
pub async fn of_users(db: impl PgExecutor<'_>, users: &[UserId]) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select user_id as "user: UserId", category as "category: NotificationCategory",
                  channel as "channel: Channel", enabled
           from notifications.preferences where user_id = any($1)"#,
        &uuids(users)
    )
    .fetch_all(db)
    .await
}

pub async fn set(
    tx: &mut Tx,
    user: UserId,
    category: NotificationCategory,
    channel: Channel,
    enabled: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.preferences (user_id, category, channel, enabled) values ($1, $2, $3, $4)
         on conflict (user_id, category, channel) do update set enabled = $4, updated_at = notifications.now()",
        user.0,
        name(category),
        name(channel),
        enabled
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn unsubscribe_key(db: impl PgExecutor<'_>) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query_scalar!("select value from notifications.secrets where name = 'unsubscribe'")
        .fetch_one(db)
        .await
}
