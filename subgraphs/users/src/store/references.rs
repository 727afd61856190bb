//! Customers of other systems.

use crate::domain::vip::CustomerType;
use platform::ids::CustomerId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Customers of another system, created where they are new.
pub async fn import(
    db: &mut PgConnection,
    source: &str,
    references: &[String],
    guest: bool,
) -> Result<Vec<(String, CustomerId)>, sqlx::Error> {
    let kind = if guest {
        CustomerType::Guest
    } else {
        CustomerType::Registered
    };
    let ids: Vec<Uuid> = references.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query!(
        "with wanted as (
            select distinct on (reference) reference, id from unnest($2::text[], $3::uuid[]) as t (reference, id)
            order by reference
        ), fresh as (
            insert into users.customer_references (source, reference, customer_id)
            select $1, reference, id from wanted on conflict do nothing returning customer_id
        )
        insert into users.customers (id, type) select customer_id, $4 from fresh",
        source,
        references,
        &ids,
        kind as _
    )
    .execute(&mut *db)
    .await?;
    let rows = sqlx::query!(
        r#"select reference, customer_id as "customer_id: CustomerId" from users.customer_references
        where source = $1 and reference = any($2)"#,
        source,
        references
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.reference, row.customer_id))
        .collect())
}
