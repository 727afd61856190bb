//! Price lists of variants.

use crate::domain::price::{OnePiece, Price};
use platform::{Currency, ids::VariantId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// All prices of these variants, everybody's and smallest quantities first.
pub async fn of(db: impl PgExecutor<'_>, variants: &[Uuid]) -> Result<Vec<Price>, sqlx::Error> {
    sqlx::query_as!(
        Price,
        r#"select variant_id as "variant_id: VariantId", currency as "currency: Currency", customer_tier,
               min_quantity, amount, compare_at
           from products.variant_prices where variant_id = any($1)
           order by variant_id, currency, customer_tier, min_quantity"#,
        variants
    )
    .fetch_all(db)
    .await
}

/// Sets everybody's prices of one piece; prices by quantity and tier stay.
pub async fn set(tx: &mut PgConnection, prices: &[(VariantId, OnePiece)]) -> Result<(), sqlx::Error> {
    let variants: Vec<Uuid> = prices.iter().map(|(variant, _)| variant.0).collect();
    let currencies: Vec<String> = prices
        .iter()
        .map(|(_, (currency, ..))| currency.to_string())
        .collect();
    let amounts: Vec<i64> = prices.iter().map(|(_, (_, amount, _))| *amount).collect();
    let compare_at: Vec<Option<i64>> = prices.iter().map(|(_, (.., before))| *before).collect();
    sqlx::query!(
        "insert into products.variant_prices (variant_id, currency, min_quantity, amount, compare_at) \
         select n.variant_id, n.currency, 1, n.amount, n.compare_at \
         from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) as n(variant_id, currency, amount, compare_at) \
         on conflict (variant_id, currency, customer_tier, min_quantity) \
         do update set amount = excluded.amount, compare_at = excluded.compare_at",
        &variants,
        &currencies,
        &amounts,
        &compare_at as &[Option<i64>]
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes a variant off sale in all currencies but these.
pub async fn keep_currencies(
    tx: &mut PgConnection,
    variant: VariantId,
    currencies: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from products.variant_prices where variant_id = $1 and not currency = any($2)",
        variant.0,
        currencies
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Replaces the prices by quantity of one tier (empty: everybody) in one currency. A price before a reduction stays
/// while it is above the price of one piece.
pub async fn replace_tiers(
    tx: &mut PgConnection,
    variant: VariantId,
    currency: Currency,
    tier: &str,
    quantities: &[i32],
    amounts: &[i64],
) -> Result<(), sqlx::Error> {
    let compare_at = sqlx::query_scalar!(
        "delete from products.variant_prices where variant_id = $1 and currency = $2 and customer_tier = $3 \
         returning case when min_quantity = 1 then compare_at end as compare_at",
        variant.0,
        currency.as_str(),
        tier
    )
    .fetch_all(&mut *tx)
    .await?
    .into_iter()
    .flatten()
    .next();
    sqlx::query!(
        "insert into products.variant_prices (variant_id, currency, customer_tier, min_quantity, amount, compare_at) \
         select $1, $2, $3, least, amount, case when least = 1 and $6 > amount then $6 end \
         from unnest($4::int[], $5::bigint[]) as tiers(least, amount)",
        variant.0,
        currency.as_str(),
        tier,
        quantities,
        amounts,
        compare_at
    )
    .execute(tx)
    .await?;
    Ok(())
}
