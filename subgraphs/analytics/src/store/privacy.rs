//! What analytics knows about people: what they looked at. Sales and the audit name them by ID only.

use platform::privacy::{Document, Person, PersonalData};
use sqlx::PgConnection;

pub struct Privacy;

impl PersonalData for Privacy {
    async fn export(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
        sqlx::query_as!(
            Document,
            r#"select 'events' as "name!", coalesce(jsonb_agg(to_jsonb(e) order by e.occurred_at), '[]') as "content!"
            from analytics.events e where e.actor_id = any($2)
            union all select 'recently_viewed', coalesce(jsonb_agg(to_jsonb(r)), '[]')
            from analytics.recently_viewed r where r.customer_id = any($1)
            union all select 'sales', coalesce(jsonb_agg(to_jsonb(s)), '[]')
            from analytics.sales s where s.customer_id = any($1)
            union all select 'refunds', coalesce(jsonb_agg(to_jsonb(r)), '[]')
            from analytics.refunds r where r.customer_id = any($1)
            union all select 'dashboards', coalesce(jsonb_agg(to_jsonb(d)), '[]')
            from analytics.dashboards d where d.owner_id = $3"#,
            &person.customers(),
            &person.actors(),
            person.user()
        )
        .fetch_all(db)
        .await
    }

    async fn waits_for(_: &mut PgConnection, _: &Person) -> sqlx::Result<Option<String>> {
        Ok(None)
    }

    /// What a browser told before its owner logged in goes too. The counters of products have counted it already.
    async fn erase(db: &mut PgConnection, person: &Person) -> sqlx::Result<()> {
        sqlx::query!(
            "with sessions as materialized (
                select distinct session_id from analytics.events
                where tracked and actor_id = any($1) and session_id is not null)
            delete from analytics.events e where e.tracked and (e.actor_id = any($1)
                or (e.actor_id is null and e.session_id in (select session_id from sessions)))",
            &person.actors()
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "delete from analytics.recently_viewed where customer_id = any($1)",
            &person.customers()
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "delete from analytics.dashboards where owner_id = $1",
            person.user()
        )
        .execute(db)
        .await?;
        Ok(())
    }

    async fn purge(db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!(
            "delete from analytics.events where tracked and recorded_at < now() - interval '400 days'"
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "delete from analytics.recently_viewed where viewed_at < analytics.now() - interval '180 days'"
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
