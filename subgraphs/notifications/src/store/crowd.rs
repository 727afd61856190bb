//! One message for many mailboxes, in a fixed number of statements.

use super::mailboxes::{Mailbox, Recipient};
use crate::domain::{
    draft::Draft,
    template::Rendered,
    types::{NotificationCategory, name},
};
use platform::{
    Tx,
    ids::{CustomerId, UserId},
};
use uuid::Uuid;

/// The mailboxes of these people, locked; made where there are none.
pub async fn lock(tx: &mut Tx, recipients: &[Recipient]) -> Result<Vec<Mailbox>, sqlx::Error> {
    let (mut users, mut customers) = (Vec::new(), Vec::new());
    for recipient in recipients {
        match recipient {
            Recipient::User(id) => users.push(id.0),
            Recipient::Customer(id) => customers.push(id.0),
        }
    }
    let ids: Vec<Uuid> = recipients.iter().map(|_| Uuid::now_v7()).collect();
    // In key order, so that two crowds cannot wait for each other.
    sqlx::query!(
        "insert into notifications.mailboxes (id, user_id, customer_id)
         select n.id, p.user_id, p.customer_id
         from (select user_id, null::uuid as customer_id, row_number() over (order by user_id) as nth
               from unnest($2::uuid[]) as u(user_id)
               union all
               select null, customer_id, cardinality($2) + row_number() over (order by customer_id)
               from unnest($3::uuid[]) as c(customer_id)) p
         join unnest($1::uuid[]) with ordinality as n(id, nth) on n.nth = p.nth
         order by p.nth
         on conflict do nothing",
        &ids,
        &users,
        &customers
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query_as!(
        Mailbox,
        r#"select id, user_id as "user: UserId", customer_id as "customer: CustomerId", last_seq
           from notifications.mailboxes where user_id = any($1) or customer_id = any($2) order by id for update"#,
        &users,
        &customers
    )
    .fetch_all(&mut **tx)
    .await
}

/// Stores a message in mailboxes, shown or not, once per fact. Where it was stored without being shown, it is shown
/// now. Returns the mailboxes that have something new to show.
pub async fn insert(
    tx: &mut Tx,
    (mailboxes, shown): (&[Uuid], &[bool]),
    draft: &Draft,
    category: NotificationCategory,
    words: &Rendered,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = mailboxes.iter().map(|_| Uuid::now_v7()).collect();
    let (kind, subject) = draft.subject.map(|s| s.parts()).unzip();
    sqlx::query_scalar!(
        r#"with told as (
               insert into notifications.notifications as n
                   (id, mailbox_id, event_id, code, category, title, body, variables, subject_type, subject_id, seq)
               select b.id, b.mailbox_id, $4, $5, $6, $7, $8, $9, $10, $11,
                   case when b.shown then m.last_seq + 1 end
               from unnest($1::uuid[], $2::uuid[], $3::bool[]) as b(id, mailbox_id, shown)
               join notifications.mailboxes m on m.id = b.mailbox_id
               on conflict (event_id, mailbox_id) do update set seq = excluded.seq
                   where n.seq is null and excluded.seq is not null
               returning n.mailbox_id, n.seq)
           update notifications.mailboxes m set last_seq = told.seq from told
           where m.id = told.mailbox_id and told.seq is not null returning m.id"#,
        &ids,
        mailboxes,
        shown,
        draft.event,
        draft.code,
        name(category),
        words.title,
        words.body,
        serde_json::to_value(&draft.variables).unwrap_or_default(),
        kind,
        subject
    )
    .fetch_all(&mut **tx)
    .await
}

/// Queues the mails of a message that is in these mailboxes, or records why there is none; once per fact.
pub async fn queue(
    tx: &mut Tx,
    event: Uuid,
    (mailboxes, wanted): (&[Uuid], &[bool]),
    unwanted: &str,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = mailboxes.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query!(
        "insert into notifications.deliveries (id, notification_id, channel, status, last_error)
         select b.id, n.id, 'EMAIL', case when b.wanted then 'QUEUED' else 'SUPPRESSED' end,
             case when not b.wanted then $5 end
         from unnest($1::uuid[], $2::uuid[], $3::bool[]) as b(id, mailbox_id, wanted)
         join notifications.notifications n on n.mailbox_id = b.mailbox_id and n.event_id = $4
         on conflict (notification_id, channel) do nothing",
        &ids,
        mailboxes,
        wanted,
        event,
        unwanted
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
