//! A person goes; that a parcel arrived stays.

use crate::{MIGRATOR, NAME, store::privacy::Privacy};
use platform::{
    Moment,
    ids::CustomerId,
    privacy::{ErasePersonReply, Person, erase, export},
    testing::{TestDb, find_text},
};
use sqlx::query;

const CANARY: &str = "canary7f3a";

#[tokio::test]
async fn an_export_has_every_table_and_an_erasure_waits_for_the_parcel() -> super::Result {
    let deps = TestDb::new(NAME, &MIGRATOR).await?.deps(NAME)?;
    let pool = deps.db.pool();
    let person = Person {
        customers: vec![CustomerId::new()],
        ..Person::default()
    };
    query(
        "with ordered as (insert into shipping.orders (id, customer_id) values (gen_random_uuid(), $1) returning id),
        parcel as (
            insert into shipping.shipments (id, number, order_id, vendor_order_id, vendor_id, customer_id, status, tracking_number)
            select gen_random_uuid(), '1', id, gen_random_uuid(), gen_random_uuid(), $1, 'IN_TRANSIT', $2 from ordered
            returning id, order_id)
        insert into shipping.shipment_events (id, order_id, seq, shipment_id, status, description, location, occurred_at, source)
        select gen_random_uuid(), order_id, 1, id, 'IN_TRANSIT', $2, $2, now(), 'VENDOR' from parcel",
    )
    .bind(person.customers[0].0)
    .bind(CANARY)
    .execute(pool)
    .await?;
    let documents = export::<Privacy>(&deps, Moment::LIVE, &person)
        .await
        .map_err(|e| anyhow::anyhow!(e.describe()))?;
    let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["shipments", "shipment_events"]);

    let erase = async || {
        erase::<Privacy>(&deps, Moment::LIVE, &person)
            .await
            .map_err(|e| anyhow::anyhow!(e.describe()))
    };
    assert!(matches!(erase().await?, ErasePersonReply::Waits { .. }));
    assert_eq!(find_text(pool, NAME, CANARY).await?.len(), 3);
    query("update shipping.shipments set status = 'DELIVERED'")
        .execute(pool)
        .await?;
    for _ in 0..2 {
        assert_eq!(erase().await?, ErasePersonReply::Erased);
    }
    assert!(find_text(pool, NAME, CANARY).await?.is_empty());
    Ok(())
}
