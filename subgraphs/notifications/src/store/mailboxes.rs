//! Whose messages are counted together.

use platform::{
    Error, Tx,
    ids::{CustomerId, UserId, uuids},
};
use sqlx::PgExecutor;
use uuid::Uuid;

/// Somebody a fact names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    Customer(CustomerId),
    User(UserId),
}

/// A mailbox under its row's lock.
#[derive(Clone, Copy, Debug)]
pub struct Mailbox {
    pub id: Uuid,
    pub user: Option<UserId>,
    pub customer: Option<CustomerId>,
    pub last_seq: i64,
}

/// Locks the recipient's mailbox, making it first if there is none.
pub async fn lock(tx: &mut Tx, recipient: Recipient) -> Result<Mailbox, Error> {
    let (user, customer) = match recipient {
        Recipient::Customer(id) => (None, Some(id.0)),
        Recipient::User(id) => (Some(id.0), None),
    };
    // A mailbox may be joined with another one between the two statements; then the second look finds the other.
    for _ in 0..3 {
        sqlx::query!(
            "insert into notifications.mailboxes (id, user_id, customer_id) values ($1, $2, $3) on conflict do nothing",
            Uuid::now_v7(),
            user,
            customer
        )
        .execute(&mut **tx)
        .await?;
        if let Some(mailbox) = find_locked(tx, user, customer).await?.into_iter().next() {
            return Ok(mailbox);
        }
    }
    Err(Error::internal(anyhow::anyhow!("a mailbox keeps moving")))
}

async fn find_locked(
    tx: &mut Tx,
    user: Option<Uuid>,
    customer: Option<Uuid>,
) -> Result<Vec<Mailbox>, sqlx::Error> {
    sqlx::query_as!(
        Mailbox,
        r#"select id, user_id as "user: UserId", customer_id as "customer: CustomerId", last_seq
           from notifications.mailboxes where user_id = $1 or customer_id = $2 order by id for update"#,
        user,
        customer
    )
    .fetch_all(&mut **tx)
    .await
}

/// Those of these people whose shopping persona has a mailbox without their login, or none.
pub async fn apart(
    db: impl PgExecutor<'_>,
    people: &[(UserId, CustomerId)],
) -> Result<Vec<(UserId, CustomerId)>, sqlx::Error> {
    let (users, customers): (Vec<UserId>, Vec<CustomerId>) = people.iter().copied().unzip();
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"select p.u as "user!: UserId", p.c as "customer!: CustomerId" from unnest($1::uuid[], $2::uuid[]) as p (u, c)
           where not exists (select from notifications.mailboxes m where m.customer_id = p.c and m.user_id is not null)"#,
        &uuids(&users),
        &uuids(&customers)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user, row.customer)).collect())
}

/// The mailbox of one person who has both a login and a shopping persona. Two boxes become the customer's; the
/// messages of the login's follow at its end. A box that belongs to somebody else stays as it is.
pub async fn join(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<Uuid, Error> {
    let kept = lock(tx, Recipient::Customer(customer)).await?;
    match kept.user {
        Some(owner) if owner == user => return Ok(kept.id),
        Some(_) => return Ok(kept.id),
        None => {}
    }
    let others = find_locked(tx, Some(user.0), None).await?;
    if let Some(other) = others.into_iter().next() {
        if other.customer.is_some() {
            return Ok(kept.id);
        }
        move_messages(tx, &other, &kept).await?;
        tx.hint("mailbox", other.id);
    }
    sqlx::query!(
        "update notifications.mailboxes set user_id = $2 where id = $1",
        kept.id,
        user.0
    )
    .execute(&mut **tx)
    .await?;
    tx.hint("mailbox", kept.id);
    Ok(kept.id)
}

async fn move_messages(tx: &mut Tx, from: &Mailbox, to: &Mailbox) -> Result<(), Error> {
    // The same fact told twice: one of the two is enough.
    sqlx::query!(
        "delete from notifications.notifications a where mailbox_id = $1 and exists
         (select from notifications.notifications b where b.event_id = a.event_id and b.mailbox_id = $2)",
        from.id,
        to.id
    )
    .execute(&mut **tx)
    .await?;
    let last = sqlx::query_scalar!(
        r#"with moved as (
               update notifications.notifications n set mailbox_id = $2, seq = $3 + position.nth
               from (select id, case when seq is not null then
                            row_number() over (partition by seq is null order by seq) end as nth
                     from notifications.notifications where mailbox_id = $1) position
               where n.id = position.id
               returning n.seq)
           select coalesce(max(seq), $3) as "last!" from moved"#,
        from.id,
        to.id,
        to.last_seq
    )
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query!("delete from notifications.mailboxes where id = $1", from.id)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "update notifications.mailboxes set last_seq = $2 where id = $1",
        to.id,
        last
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The mailbox a viewer reads and its last position.
pub async fn of_viewer(
    db: impl PgExecutor<'_>,
    user: Option<UserId>,
    customer: Option<CustomerId>,
) -> Result<Option<(Uuid, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, last_seq from notifications.mailboxes where user_id = $1 or customer_id = $2
         order by customer_id = $2 desc nulls last limit 1",
        user.map(|id| id.0),
        customer.map(|id| id.0)
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.last_seq)))
}
