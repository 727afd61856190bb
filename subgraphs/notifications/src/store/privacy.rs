//! What notifications know about people: their messages, what became of the mails, and their wishes.

use crate::store::mailboxes::Recipient;
use platform::privacy::{Document, Person, PersonalData};
use sqlx::PgConnection;
use uuid::Uuid;

pub struct Privacy;

impl PersonalData for Privacy {
    async fn export(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
        sqlx::query_as!(
            Document,
            r#"with mine as materialized (
                select * from notifications.mailboxes where user_id = $1 or customer_id = any($2)),
            messages as materialized (
                select n.* from notifications.notifications n join mine on mine.id = n.mailbox_id)
            select 'mailboxes' as "name!", coalesce(jsonb_agg(to_jsonb(m)), '[]') as "content!" from mine m
            union all select 'notifications', coalesce(jsonb_agg(to_jsonb(n) order by n.created_at), '[]') from messages n
            union all select 'deliveries', coalesce(jsonb_agg(to_jsonb(d) - 'message' order by d.queued_at), '[]')
            from notifications.deliveries d
            where d.user_id = $1 or d.notification_id in (select id from messages)
            union all select 'preferences', coalesce(jsonb_agg(to_jsonb(p)), '[]')
            from notifications.preferences p where p.user_id = $1
            union all select 'topic_subscriptions', coalesce(jsonb_agg(to_jsonb(t)), '[]')
            from notifications.topic_subscriptions t where t.user_id = $1"#,
            person.user(),
            &person.customers()
        )
        .fetch_all(db)
        .await
    }

    async fn waits_for(_: &mut PgConnection, _: &Person) -> sqlx::Result<Option<String>> {
        Ok(None)
    }

    /// The last mail, that the account is gone, may still be on its way: it forgets its address when it is sent.
    async fn erase(db: &mut PgConnection, person: &Person) -> sqlx::Result<()> {
        sqlx::query!(
            "delete from notifications.deliveries where user_id = $1 and status not in ('QUEUED', 'SENDING')",
            person.user()
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "delete from notifications.notifications n using notifications.mailboxes m
            where m.id = n.mailbox_id and (m.user_id = $1 or m.customer_id = any($2))",
            person.user(),
            &person.customers()
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "delete from notifications.mailboxes where user_id = $1 or customer_id = any($2)",
            person.user(),
            &person.customers()
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "with wishes as (delete from notifications.topic_subscriptions where user_id = $1)
            delete from notifications.preferences where user_id = $1",
            person.user()
        )
        .execute(db)
        .await?;
        Ok(())
    }

    async fn purge(db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!(
            "delete from notifications.deliveries where notification_id is null
                and status not in ('QUEUED', 'SENDING') and queued_at < notifications.now() - interval '90 days'"
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "delete from notifications.notifications where created_at < notifications.now() - interval '2 years'"
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

/// Those of them who were not erased.
pub async fn present(db: &mut PgConnection, recipients: &[Recipient]) -> sqlx::Result<Vec<Recipient>> {
    let id = |recipient: &Recipient| match recipient {
        Recipient::Customer(id) => id.0,
        Recipient::User(id) => id.0,
    };
    let ids: Vec<Uuid> = recipients.iter().map(id).collect();
    let erased = sqlx::query_scalar!(
        "select id from notifications.erased_people where id = any($1)",
        &ids
    )
    .fetch_all(db)
    .await?;
    let mut present = recipients.to_vec();
    present.retain(|recipient| !erased.contains(&id(recipient)));
    Ok(present)
}
