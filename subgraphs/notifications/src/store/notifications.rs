//! Messages.

use super::mailboxes::Mailbox;
use crate::domain::{
    draft::Draft,
    template::Rendered,
    types::{NotificationCategory, name},
};
use chrono::{DateTime, Utc};
use platform::{
    Tx, Viewer,
    ids::{NotificationId, OrderId, UserId, uuids},
};
use sqlx::PgExecutor;
use uuid::Uuid;

/// A message that is shown in the app.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: NotificationId,
    pub user: Option<UserId>,
    pub order: Option<OrderId>,
    pub category: NotificationCategory,
    pub title: String,
    pub body: String,
    pub subject_type: Option<String>,
    pub subject_id: Option<Uuid>,
    pub seq: i64,
    pub read_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// Stores a message at the mailbox's next position. `None`: it is there already.
pub async fn insert(
    tx: &mut Tx,
    mailbox: &Mailbox,
    draft: &Draft,
    category: NotificationCategory,
    words: &Rendered,
    in_app: bool,
) -> Result<Option<NotificationId>, sqlx::Error> {
    let (kind, subject) = draft.subject.map(|s| s.parts()).unzip();
    let seq = in_app.then_some(mailbox.last_seq + 1);
    let id = sqlx::query_scalar!(
        r#"insert into notifications.notifications
               (id, mailbox_id, event_id, code, category, title, body, variables, subject_type, subject_id, order_id, seq)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           on conflict (event_id, mailbox_id) do nothing returning id as "id: NotificationId""#,
        Uuid::now_v7(),
        mailbox.id,
        draft.event,
        draft.code,
        name(category),
        words.title,
        words.body,
        serde_json::to_value(&draft.variables).unwrap_or_default(),
        kind,
        subject,
        draft.order.map(|id| id.0),
        seq
    )
    .fetch_optional(&mut **tx)
    .await?;
    if id.is_some() && in_app {
        sqlx::query!(
            "update notifications.mailboxes set last_seq = last_seq + 1 where id = $1",
            mailbox.id
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(id)
}

/// Messages by ID, as far as the viewer may see them.
pub async fn by_ids(
    db: impl PgExecutor<'_>,
    viewer: &Viewer,
    ids: &[NotificationId],
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select n.id as "id: NotificationId", m.user_id as "user: UserId", order_id as "order: OrderId",
                  category as "category: NotificationCategory", title, body, subject_type, subject_id,
                  seq as "seq!", read_at, created_at
           from notifications.notifications n join notifications.mailboxes m on m.id = mailbox_id
           where n.id = any($1) and seq is not null and ($2 or m.user_id = $3 or m.customer_id = $4)"#,
        &uuids(ids),
        viewer.is_staff(),
        viewer.user.map(|id| id.0),
        viewer.customer.map(|id| id.0)
    )
    .fetch_all(db)
    .await
}

/// Which slice of people's messages is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    pub after: Option<(DateTime<Utc>, Uuid)>,
    pub unread_only: bool,
    pub limit: i64,
}

/// The newest messages of each user. The viewer's own login also shows what was sent to their shopping persona.
pub async fn of_users(
    db: impl PgExecutor<'_>,
    viewer: &Viewer,
    users: &[UserId],
    slice: &Slice,
) -> Result<Vec<(UserId, Row)>, sqlx::Error> {
    let (at, id) = slice.after.unzip();
    let rows = sqlx::query!(
        r#"select owner.id as "owner!: UserId", n.id as "id: NotificationId", n.user_id as "user?: UserId",
                  n.order_id as "order?: OrderId", n.category as "category: NotificationCategory", n.title, n.body,
                  n.subject_type, n.subject_id, n.seq as "seq!", n.read_at, n.created_at
           from unnest($1::uuid[]) as owner(id) cross join lateral (
               select n.*, m.user_id from notifications.notifications n
               join notifications.mailboxes m on m.id = n.mailbox_id
               where (m.user_id = owner.id or (owner.id = $2 and m.customer_id = $3)) and n.seq is not null
                 and (not $4 or n.read_at is null)
                 and ($5::timestamptz is null or (n.created_at, n.id) < ($5, $6))
               order by n.created_at desc, n.id desc limit $7) n
           order by n.created_at desc, n.id desc"#,
        &uuids(users),
        viewer.user.map(|id| id.0),
        viewer.customer.map(|id| id.0),
        slice.unread_only,
        at,
        id,
        slice.limit
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter().map(|r| {
        let row = Row {
            id: r.id,
            user: r.user,
            order: r.order,
            category: r.category,
            title: r.title,
            body: r.body,
            subject_type: r.subject_type,
            subject_id: r.subject_id,
            seq: r.seq,
            read_at: r.read_at,
            created_at: r.created_at,
        };
        (r.owner, row)
    });
    Ok(rows.collect())
}

/// How many messages each user has not read.
pub async fn unread(
    db: impl PgExecutor<'_>,
    viewer: &Viewer,
    users: &[UserId],
) -> Result<Vec<(UserId, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select owner.id as "owner!: UserId", count(n.id) as "count!"
           from unnest($1::uuid[]) as owner(id)
           join notifications.mailboxes m on m.user_id = owner.id or (owner.id = $2 and m.customer_id = $3)
           join notifications.notifications n on n.mailbox_id = m.id and n.read_at is null and n.seq is not null
           group by owner.id"#,
        &uuids(users),
        viewer.user.map(|id| id.0),
        viewer.customer.map(|id| id.0)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.owner, row.count)).collect())
}

/// Everything told about these orders, oldest first.
pub async fn of_orders(db: impl PgExecutor<'_>, orders: &[OrderId]) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select n.id as "id: NotificationId", m.user_id as "user: UserId", order_id as "order: OrderId",
                  category as "category: NotificationCategory", title, body, subject_type, subject_id,
                  seq as "seq!", read_at, created_at
           from notifications.notifications n join notifications.mailboxes m on m.id = mailbox_id
           where order_id = any($1) and seq is not null order by created_at, n.id"#,
        &uuids(orders)
    )
    .fetch_all(db)
    .await
}

/// The next messages of a mailbox after a position.
pub async fn after(db: impl PgExecutor<'_>, mailbox: Uuid, seq: i64) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select n.id as "id: NotificationId", m.user_id as "user: UserId", order_id as "order: OrderId",
                  category as "category: NotificationCategory", title, body, subject_type, subject_id,
                  seq as "seq!", read_at, created_at
           from notifications.notifications n join notifications.mailboxes m on m.id = mailbox_id
           where mailbox_id = $1 and seq > $2 order by seq limit 100"#,
        mailbox,
        seq
    )
    .fetch_all(db)
    .await
}

/// Marks one of the viewer's messages as read; reading it again changes nothing. False: there is no such message.
pub async fn mark_read(tx: &mut Tx, viewer: &Viewer, id: NotificationId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update notifications.notifications n set read_at = coalesce(read_at, notifications.now())
         from notifications.mailboxes m
         where m.id = mailbox_id and n.id = $1 and seq is not null and (m.user_id = $2 or m.customer_id = $3)",
        id.0,
        viewer.user.map(|id| id.0),
        viewer.customer.map(|id| id.0)
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks all messages of the viewer that are older than `before` as read; returns how many were unread.
pub async fn mark_all_read(
    tx: &mut Tx,
    viewer: &Viewer,
    before: Option<DateTime<Utc>>,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "update notifications.notifications n set read_at = notifications.now()
         from notifications.mailboxes m
         where m.id = mailbox_id and read_at is null and seq is not null
           and (m.user_id = $1 or m.customer_id = $2) and ($3::timestamptz is null or created_at < $3)",
        viewer.user.map(|id| id.0),
        viewer.customer.map(|id| id.0),
        before
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
