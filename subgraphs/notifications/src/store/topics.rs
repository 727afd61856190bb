//! Subscriptions to topics, and news on its way to them.

use crate::domain::{
    draft::Draft,
    topic::{Row, Topic},
    types::{Channel, name},
};
use chrono::{DateTime, Utc};
use platform::{
    Tx,
    ids::{TopicSubscriptionId, UserId, VariantId, uuids},
};
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

/// Serializes what a user does to their subscriptions, and counts these.
pub async fn lock(tx: &mut Tx, user: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('notifications.topics:' || $1::text, 0))",
        user.0.to_string()
    )
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from notifications.topic_subscriptions where user_id = $1"#,
        user.0
    )
    .fetch_one(&mut **tx)
    .await
}

/// Stores a subscription; the same again is the one that is there. The flag says whether it is new.
pub async fn insert(
    tx: &mut Tx,
    user: UserId,
    topic: Topic,
    channel: Channel,
    variant: VariantId,
) -> Result<(Row, bool), sqlx::Error> {
    let id = TopicSubscriptionId::new();
    let row = sqlx::query_as!(
        Row,
        r#"insert into notifications.topic_subscriptions as t (id, user_id, topic, channel, variant_id)
           values ($1, $2, $3, $4, $5)
           on conflict (user_id, topic, variant_id, channel) do update set topic = t.topic
           returning id as "id: TopicSubscriptionId", user_id as "user: UserId", topic as "topic: Topic",
               channel as "channel: Channel", variant_id as "variant: VariantId", created_at"#,
        id.0,
        user.0,
        name(topic),
        name(channel),
        variant.0
    )
    .fetch_one(&mut **tx)
    .await?;
    let new = row.id == id;
    Ok((row, new))
}

/// Ends a user's own subscription and returns it.
pub async fn delete(tx: &mut Tx, user: UserId, id: TopicSubscriptionId) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"delete from notifications.topic_subscriptions where id = $1 and user_id = $2
           returning id as "id: TopicSubscriptionId", user_id as "user: UserId", topic as "topic: Topic",
               channel as "channel: Channel", variant_id as "variant: VariantId", created_at"#,
        id.0,
        user.0
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Subscriptions by ID or by user, newest first.
pub async fn find(
    db: impl PgExecutor<'_>,
    ids: &[TopicSubscriptionId],
    users: &[UserId],
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: TopicSubscriptionId", user_id as "user: UserId", topic as "topic: Topic",
               channel as "channel: Channel", variant_id as "variant: VariantId", created_at
           from notifications.topic_subscriptions where id = any($1) or user_id = any($2)
           order by created_at desc, id desc"#,
        &uuids(ids),
        &uuids(users)
    )
    .fetch_all(db)
    .await
}

/// Queues news for the subscribers of a topic, if there are any.
pub async fn queue(
    tx: &mut Tx,
    topic: Topic,
    variant: VariantId,
    draft: &Draft,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into notifications.topic_news (id, topic, variant_id, draft)
         select $1, $2, $3, $4 where exists
             (select from notifications.topic_subscriptions where topic = $2 and variant_id = $3)
         on conflict do nothing",
        draft.event,
        name(topic),
        variant.0,
        serde_json::to_value(draft).unwrap_or_default()
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// News on its way to its subscribers.
pub struct Queued {
    pub draft: Json<Draft>,
    pub topic: Topic,
    pub variant: VariantId,
    pub at: DateTime<Utc>,
    /// The last subscription that was told.
    pub told: Option<Uuid>,
}

/// The oldest news that nobody else is telling, locked.
pub async fn next(tx: &mut Tx) -> Result<Option<Queued>, sqlx::Error> {
    sqlx::query_as!(
        Queued,
        r#"select draft as "draft: Json<Draft>", topic as "topic: Topic", variant_id as "variant: VariantId", at, told
           from notifications.topic_news order by at, id limit 1 for update skip locked"#
    )
    .fetch_optional(&mut **tx)
    .await
}

/// The next who have subscribed before the news came: subscription, user, channel.
pub async fn subscribers(
    tx: &mut Tx,
    queued: &Queued,
    limit: i64,
) -> Result<Vec<(Uuid, UserId, Channel)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, user_id as "user: UserId", channel as "channel: Channel"
           from notifications.topic_subscriptions
           where topic = $1 and variant_id = $2 and id > $3 and created_at <= $4 order by id limit $5"#,
        name(queued.topic),
        queued.variant.0,
        queued.told.unwrap_or_default(),
        queued.at,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.user, row.channel))
        .collect())
}

/// Remembers how far locked news has been told; `None`: to everybody.
pub async fn told(tx: &mut Tx, news: Uuid, last: Option<Uuid>) -> Result<(), sqlx::Error> {
    match last {
        Some(id) => sqlx::query!(
            "update notifications.topic_news set told = $2 where id = $1",
            news,
            id
        ),
        None => sqlx::query!("delete from notifications.topic_news where id = $1", news),
    }
    .execute(&mut **tx)
    .await?;
    Ok(())
}
