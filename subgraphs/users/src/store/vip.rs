//! Tiers and benefits: data, not code.

use crate::{
    domain::{
        benefits::Preset,
        vip::{Threshold, VipTier},
    },
    schema::vip::VipBenefit,
};
use chrono::{DateTime, Utc};
use platform::ids::{CustomerId, VipBenefitId, uuids};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

pub async fn thresholds(db: impl PgExecutor<'_>) -> Result<Vec<Threshold>, sqlx::Error> {
    sqlx::query_as!(
        Threshold,
        r#"select tier as "tier: VipTier", currency, spend from users.vip_thresholds"#
    )
    .fetch_all(db)
    .await
}

/// Locks the rules of all tiers: they are changed one after the other.
pub async fn lock_thresholds(db: &mut PgConnection) -> Result<Vec<Threshold>, sqlx::Error> {
    sqlx::query!("select tier from users.vip_tiers order by rank for update")
        .fetch_all(&mut *db)
        .await?;
    thresholds(db).await
}

/// The rules of one tier, in place of those it had.
pub async fn put_thresholds(
    db: &mut PgConnection,
    tier: VipTier,
    currencies: &[String],
    spend: &[i64],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from users.vip_thresholds where tier = $1 and currency <> all($2)",
        tier.as_str(),
        currencies
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into users.vip_thresholds (tier, currency, spend)
        select $1, * from unnest($2::text[], $3::bigint[])
        on conflict (tier, currency) do update set spend = excluded.spend",
        tier.as_str(),
        currencies,
        spend
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Points multiplier of a customer, in basis points: the highest of the active benefits of the tier and those below.
pub async fn multiplier(db: impl PgExecutor<'_>, customer: CustomerId) -> Result<i32, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select max(b.value_basis_points) from users.customers c join users.vip_tiers own on own.tier = c.tier
        join users.vip_tiers t on t.rank <= own.rank
        join users.vip_benefits b on b.tier = t.tier and b.active and b.kind = 'POINTS_MULTIPLIER'
        where c.id = $1",
        customer.0
    )
    .fetch_one(db)
    .await?;
    Ok(found.unwrap_or(10_000))
}

/// Adds benefits whose code is new; the others stay what staff has made of them.
pub async fn insert_benefits(db: impl PgExecutor<'_>, new: &[Preset]) -> Result<u64, sqlx::Error> {
    let ids: Vec<Uuid> = new.iter().map(|_| Uuid::now_v7()).collect();
    let column = |of: fn(&Preset) -> &'static str| new.iter().map(of).collect::<Vec<_>>();
    let values: Vec<Option<i32>> = new.iter().map(|benefit| benefit.basis_points).collect();
    let done = sqlx::query!(
        "insert into users.vip_benefits (id, code, tier, title, kind, value_basis_points)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
        on conflict (code) do nothing",
        &ids,
        &column(|benefit| benefit.code) as &[&str],
        &column(|benefit| benefit.tier.as_str()) as &[&str],
        &column(|benefit| benefit.title) as &[&str],
        &column(|benefit| benefit.kind) as &[&str],
        &values as &[Option<i32>]
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A membership whose year is over.
#[derive(Debug)]
pub struct Due {
    pub customer: CustomerId,
    pub tier: VipTier,
    pub renews_at: DateTime<Utc>,
}

/// Locks memberships whose year is over; other processes have theirs.
pub async fn claim_due(db: &mut PgConnection, most: i64) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as!(
        Due,
        r#"select id as "customer: CustomerId", tier as "tier!: VipTier", vip_renews_at as "renews_at!"
        from users.customers where vip_renews_at <= users.now() order by id limit $1 for update skip locked"#,
        most
    )
    .fetch_all(db)
    .await
}

/// Begins the next year of memberships, or ends them, on the day they were due; a change goes into the history.
pub async fn renew(
    db: &mut PgConnection,
    due: &[Due],
    tiers: &[Option<VipTier>],
    reason: &str,
) -> Result<(), sqlx::Error> {
    let customers: Vec<Uuid> = due.iter().map(|row| row.customer.0).collect();
    let dates: Vec<DateTime<Utc>> = due.iter().map(|row| row.renews_at).collect();
    let before: Vec<&str> = due.iter().map(|row| row.tier.as_str()).collect();
    let after: Vec<Option<&str>> = tiers.iter().map(|tier| tier.map(VipTier::as_str)).collect();
    sqlx::query!(
        "update users.customers c set tier = d.tier, version = c.version + 1,
            type = case when d.tier is null then 'REGISTERED' else 'VIP' end,
            vip_since = case when d.tier is not null then c.vip_since end,
            vip_renews_at = case when d.tier is not null then d.at + make_interval(days => p.membership_days) end
        from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as d (id, tier, at)
        cross join users.loyalty_programme p where c.id = d.id",
        &customers,
        &after as &[Option<&str>],
        &dates
    )
    .execute(&mut *db)
    .await?;
    let ids: Vec<Uuid> = due.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query!(
        "insert into users.customer_transitions
            (id, customer_id, from_type, to_type, tier_from, tier_to, reason, at)
        select id, customer_id, 'VIP', case when tier_to is null then 'REGISTERED' else 'VIP' end, tier_from, tier_to,
            $6, at
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
            as t (id, customer_id, tier_from, tier_to, at)
        where tier_to is distinct from tier_from",
        &ids,
        &customers,
        &before as &[&str],
        &after as &[Option<&str>],
        &dates,
        reason
    )
    .execute(db)
    .await?;
    Ok(())
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
