//! What inventory knows about people: for which of their orders goods were set aside, and which movements they made.

use platform::privacy::{Document, Person, PersonalData};
use sqlx::PgConnection;

pub struct Privacy;

impl PersonalData for Privacy {
    async fn export(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
        sqlx::query_as!(
            Document,
            r#"with mine as materialized (select * from inventory.reservations where order_id = any($1))
            select 'reservations' as "name!", coalesce(jsonb_agg(to_jsonb(r)), '[]') as "content!" from mine r
            union all select 'reservation_lines', coalesce(jsonb_agg(to_jsonb(l)), '[]')
            from inventory.reservation_lines l join mine on mine.id = l.reservation_id
            union all select 'allocations', coalesce(jsonb_agg(to_jsonb(a)), '[]')
            from inventory.allocations a where a.order_id = any($1)
            union all select 'movements', coalesce(jsonb_agg(to_jsonb(t) order by t.at), '[]')
            from inventory.inventory_transactions t where t.actor = any($2)"#,
            &person.orders(),
            &person.actors()
        )
        .fetch_all(db)
        .await
    }

    async fn waits_for(_: &mut PgConnection, _: &Person) -> sqlx::Result<Option<String>> {
        Ok(None)
    }

    /// Rows here name orders and logins by ID only, and stock is the sum of its movements.
    async fn erase(_: &mut PgConnection, _: &Person) -> sqlx::Result<()> {
        Ok(())
    }

    /// A reservation that came to nothing is good for nothing.
    async fn purge(db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!(
            "with old as materialized (
                select id from inventory.reservations where status in ('RELEASED', 'EXPIRED')
                    and expires_at < inventory.now() - interval '1 year'
                order by id limit 1000 for update skip locked),
            lines as (delete from inventory.reservation_lines l using old where l.reservation_id = old.id)
            delete from inventory.reservations r using old where r.id = old.id"
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
