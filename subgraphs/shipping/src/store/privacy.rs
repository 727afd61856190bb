//! What shipping knows about people: where their parcels were. Addresses are never stored here.

use platform::privacy::{Document, Person, PersonalData};
use sqlx::PgConnection;

pub struct Privacy;

impl PersonalData for Privacy {
    async fn export(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
        sqlx::query_as!(
            Document,
            r#"with mine as materialized (select * from shipping.shipments where customer_id = any($1))
            select 'shipments' as "name!", coalesce(jsonb_agg(to_jsonb(s)), '[]') as "content!" from mine s
            union all select 'shipment_items', coalesce(jsonb_agg(to_jsonb(i)), '[]')
            from shipping.shipment_items i join mine on mine.id = i.shipment_id
            union all select 'shipment_events', coalesce(jsonb_agg(to_jsonb(e) order by e.order_id, e.seq), '[]')
            from shipping.shipment_events e join mine on mine.id = e.shipment_id"#,
            &person.customers()
        )
        .fetch_all(db)
        .await
    }

    async fn waits_for(db: &mut PgConnection, person: &Person) -> sqlx::Result<Option<String>> {
        sqlx::query_scalar!(
            "select case when exists (select from shipping.shipments where customer_id = any($1)
                and status not in ('DELIVERED', 'RETURNED_TO_SENDER', 'LOST', 'CANCELED')) then 'a parcel is under way' end",
            &person.customers()
        )
        .fetch_one(db)
        .await
    }

    /// Carriers answer a tracking number with a name and a place.
    async fn erase(db: &mut PgConnection, person: &Person) -> sqlx::Result<()> {
        let customers = person.customers();
        sqlx::query!(
            "update shipping.shipment_events e set description = null, location = null from shipping.shipments s
            where s.id = e.shipment_id and s.customer_id = any($1)",
            &customers
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "update shipping.shipments set tracking_number = null where customer_id = any($1)",
            &customers
        )
        .execute(db)
        .await?;
        Ok(())
    }

    async fn purge(db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!(
            "update shipping.shipment_events set location = null, description = null
            where occurred_at < shipping.now() - interval '2 years' and (location is not null or description is not null)"
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
