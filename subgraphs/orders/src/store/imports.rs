//! What is kept of other systems beside orders and refunds.

use contracts::orders::Adjustment;
use sqlx::PgExecutor;

pub async fn put_adjustments(db: impl PgExecutor<'_>, source: &str, rows: &[Adjustment]) -> sqlx::Result<()> {
    macro_rules! column {
        ($of:expr) => {
            rows.iter().map($of).collect::<Vec<_>>()
        };
    }
    sqlx::query!(
        "insert into orders.adjustments (source, reference, at, kind, description, currency, amount_millis)
         select $1, * from unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bigint[])
         on conflict (source, reference) do nothing",
        source, &column!(|a| a.reference.clone()), &column!(|a| a.at), &column!(|a| a.kind.clone()),
        &column!(|a| a.description.clone()), &column!(|a| a.currency.as_str().to_owned()), &column!(|a| a.amount_millis)
    )
    .execute(db)
    .await?;
    Ok(())
}
