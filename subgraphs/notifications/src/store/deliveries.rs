//! Mails on their way.

use crate::domain::types::{Channel, DeliveryStatus, NotificationCategory, name};
use chrono::{DateTime, Utc};
use platform::{
    Tx, Viewer,
    ids::{CustomerId, DeliveryId, NotificationId, OrderId, UserId, uuids},
};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use std::time::Duration;
use uuid::Uuid;

/// A delivery as it is shown.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: DeliveryId,
    pub notification: Option<NotificationId>,
    pub channel: Channel,
    pub status: DeliveryStatus,
    pub provider: Option<String>,
    pub provider_message_id: Option<String>,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub queued_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// A rendered account message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountMessage {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// A delivery that this worker has to send.
#[derive(Debug)]
pub struct Claimed {
    pub id: DeliveryId,
    pub attempts: i32,
    pub message: Option<sqlx::types::Json<AccountMessage>>,
    pub user: Option<UserId>,
    pub customer: Option<CustomerId>,
    pub code: Option<String>,
    pub category: Option<NotificationCategory>,
    pub order: Option<OrderId>,
    pub variables: Option<serde_json::Value>,
}

/// Queues a mail for a message, or records why there is none.
pub async fn insert(
    tx: &mut Tx,
    notification: NotificationId,
    suppressed: Option<&str>,
) -> Result<(), sqlx::Error> {
    let status = if suppressed.is_some() {
        DeliveryStatus::Suppressed
    } else {
        DeliveryStatus::Queued
    };
    sqlx::query!(
        "insert into notifications.deliveries (id, notification_id, channel, status, last_error)
         values ($1, $2, 'EMAIL', $3, $4)",
        Uuid::now_v7(),
        notification.0,
        name(status),
        suppressed
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Queues an account message; a second one with the same key changes nothing.
pub async fn insert_account(
    tx: &mut Tx,
    key: &str,
    user: Option<UserId>,
    message: &AccountMessage,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.deliveries (id, channel, message_key, message, user_id)
         values ($1, 'EMAIL', $2, $3, $4) on conflict (message_key) do nothing",
        Uuid::now_v7(),
        key,
        serde_json::to_value(message).unwrap_or_default(),
        user.map(|user| user.0)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes deliveries that are due, also those of a worker whose lease has run out.
pub async fn claim(
    db: impl PgExecutor<'_>,
    limit: i64,
    lease: Duration,
) -> Result<Vec<Claimed>, sqlx::Error> {
    sqlx::query_as!(
        Claimed,
        r#"with due as (
               select id from notifications.deliveries
               where channel = 'EMAIL' and status in ('QUEUED', 'SENDING') and due_at <= pg_catalog.now()
               order by due_at limit $1 for update skip locked),
           claimed as (
               update notifications.deliveries d
               set status = 'SENDING', attempts = attempts + 1, due_at = pg_catalog.now() + make_interval(secs => $2)
               from due where d.id = due.id
               returning d.id, d.attempts, d.message, d.notification_id)
           select c.id as "id!: DeliveryId", c.attempts as "attempts!",
                  c.message as "message: sqlx::types::Json<AccountMessage>",
                  m.user_id as "user?: UserId", m.customer_id as "customer?: CustomerId", n.code as "code?",
                  n.category as "category?: NotificationCategory", n.order_id as "order?: OrderId", n.variables as "variables?"
           from claimed c left join notifications.notifications n on n.id = c.notification_id
           left join notifications.mailboxes m on m.id = n.mailbox_id"#,
        limit,
        lease.as_secs_f64()
    )
    .fetch_all(db)
    .await
}

/// The mail is with the server; an account message and its secret are forgotten.
pub async fn sent(
    db: impl PgExecutor<'_>,
    id: DeliveryId,
    provider: &str,
    message_id: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update notifications.deliveries set status = 'SENT', provider = $2, provider_message_id = $3,
             message = null, last_error = null, sent_at = notifications.now()
         where id = $1 and status = 'SENDING'",
        id.0,
        provider,
        message_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Back into the queue for another try.
pub async fn retry_later(
    db: impl PgExecutor<'_>,
    id: DeliveryId,
    wait: Duration,
    error: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update notifications.deliveries
         set status = 'QUEUED', last_error = $3, due_at = pg_catalog.now() + make_interval(secs => $2)
         where id = $1 and status = 'SENDING'",
        id.0,
        wait.as_secs_f64(),
        error
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The end without a mail: FAILED or SUPPRESSED.
pub async fn give_up(
    db: impl PgExecutor<'_>,
    id: DeliveryId,
    status: DeliveryStatus,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update notifications.deliveries set status = $2, last_error = $3, message = null
         where id = $1 and status = 'SENDING'",
        id.0,
        name(status),
        reason
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a retry by staff found.
pub struct Found {
    pub status: DeliveryStatus,
    pub notification: Option<NotificationId>,
}

pub async fn lock(tx: &mut Tx, id: DeliveryId) -> Result<Option<Found>, sqlx::Error> {
    sqlx::query_as!(
        Found,
        r#"select status as "status: DeliveryStatus", notification_id as "notification: NotificationId"
           from notifications.deliveries where id = $1 for update"#,
        id.0
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Starts again from the first try.
pub async fn requeue(tx: &mut Tx, id: DeliveryId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update notifications.deliveries set status = 'QUEUED', attempts = 0, due_at = pg_catalog.now() where id = $1",
        id.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Deliveries by ID, as far as the viewer may see them.
pub async fn by_ids(
    db: impl PgExecutor<'_>,
    viewer: &Viewer,
    ids: &[DeliveryId],
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select d.id as "id!: DeliveryId", notification_id as "notification?: NotificationId",
                  channel as "channel!: Channel", status as "status!: DeliveryStatus", provider, provider_message_id,
                  attempts as "attempts!", last_error, queued_at as "queued_at!", sent_at
           from notifications.deliveries d left join notifications.notifications n on n.id = notification_id
           left join notifications.mailboxes m on m.id = mailbox_id
           where d.id = any($1) and ($2 or m.user_id = $3 or m.customer_id = $4)"#,
        &uuids(ids),
        viewer.is_staff(),
        viewer.user.map(|id| id.0),
        viewer.customer.map(|id| id.0)
    )
    .fetch_all(db)
    .await
}

/// Deliveries of messages; whoever sees a message sees these.
pub async fn of_notifications(
    db: impl PgExecutor<'_>,
    ids: &[NotificationId],
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DeliveryId", notification_id as "notification: NotificationId",
                  channel as "channel: Channel", status as "status: DeliveryStatus", provider, provider_message_id,
                  attempts, last_error, queued_at, sent_at
           from notifications.deliveries where notification_id = any($1) order by id"#,
        &uuids(ids)
    )
    .fetch_all(db)
    .await
}

/// The newest deliveries in these states.
pub async fn list(
    db: impl PgExecutor<'_>,
    statuses: Option<&[String]>,
    channel: Option<String>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DeliveryId", notification_id as "notification: NotificationId",
                  channel as "channel: Channel", status as "status: DeliveryStatus", provider, provider_message_id,
                  attempts, last_error, queued_at, sent_at
           from notifications.deliveries
           where ($1::text[] is null or status = any($1)) and ($2::text is null or channel = $2)
           order by queued_at desc, id desc limit $3"#,
        statuses,
        channel,
        limit
    )
    .fetch_all(db)
    .await
}
