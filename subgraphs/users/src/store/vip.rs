//! Tiers and benefits: data, not code.

use crate::{
    domain::vip::{Threshold, VipTier},
    schema::vip::VipBenefit,
};
use platform::ids::{CustomerId, VipBenefitId, uuids};
use sqlx::{PgExecutor, PgPool};

pub async fn thresholds(db: impl PgExecutor<'_>) -> Result<Vec<Threshold>, sqlx::Error> {
    sqlx::query_as!(
        Threshold,
        r#"select tier as "tier: VipTier", currency, spend from users.vip_thresholds"#
    )
    .fetch_all(db)
    .await
}

/// Net spend of the last 365 days: customer, currency, minor units.
pub async fn spend(
    db: impl PgExecutor<'_>,
    ids: &[CustomerId],
) -> Result<Vec<(CustomerId, String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select customer_id as "customer_id: CustomerId", currency,
            least(sum(greatest(total - refunded, 0)), 9007199254740991)::bigint as "spend!"
        from users.loyalty_orders
        where customer_id = any($1) and total is not null and confirmed_at > users.now() - interval '365 days'
        group by customer_id, currency order by customer_id, sum(total - refunded) desc, currency"#,
        &uuids(ids)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.customer_id, row.currency, row.spend))
        .collect())
}

/// Points multiplier of a customer, in basis points.
pub async fn multiplier(db: impl PgExecutor<'_>, customer: CustomerId) -> Result<i32, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select t.points_multiplier_basis_points from users.customers c join users.vip_tiers t on t.tier = c.tier
        where c.id = $1",
        customer.0
    )
    .fetch_optional(db)
    .await?;
    Ok(found.unwrap_or(10_000))
}

/// Active benefits, lowest tier first.
pub async fn benefits(pool: &PgPool) -> Result<Vec<VipBenefit>, sqlx::Error> {
    sqlx::query_as!(
        VipBenefit,
        r#"select b.id as "id: VipBenefitId", b.code, b.tier as "tier: VipTier", b.title, b.kind, b.value_basis_points,
            b.value_amount, b.value_currency, b.active
        from users.vip_benefits b join users.vip_tiers t on t.tier = b.tier where b.active order by t.rank, b.code"#
    )
    .fetch_all(pool)
    .await
}

pub async fn benefits_by_id(pool: &PgPool, ids: &[VipBenefitId]) -> Result<Vec<VipBenefit>, sqlx::Error> {
    sqlx::query_as!(
        VipBenefit,
        r#"select id as "id: VipBenefitId", code, tier as "tier: VipTier", title, kind, value_basis_points,
            value_amount, value_currency, active
        from users.vip_benefits where id = any($1)"#,
        &uuids(ids)
    )
    .fetch_all(pool)
    .await
}
