//! Shopping personas.

use crate::{
    domain::vip::{CustomerType, VipTier},
    schema::customer::{Customer, CustomerTransition},
};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Language,
    ids::{CustomerId, uuids},
};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

pub async fn rows(db: impl PgExecutor<'_>, ids: &[CustomerId]) -> Result<Vec<Customer>, sqlx::Error> {
    sqlx::query_as!(
        Customer,
        r#"select id as "id: CustomerId", type as "kind: CustomerType", display_name,
            currency as "currency: Currency", locale as "locale: Language", marketing_opt_in,
            favourite_category_ids as favourites, tier as "tier: VipTier", vip_since, vip_renews_at, created_at, version
        from users.customers where id = any($1)"#,
        &uuids(ids),
    )
    .fetch_all(db)
    .await
}

/// What `customers(where:)` asks for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kind: Option<CustomerType>,
    pub tier: Option<VipTier>,
    /// Start of a name or an address.
    pub search: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// A customer's ID and when it came into being.
pub async fn page(
    pool: &PgPool,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<CustomerId>, sqlx::Error> {
    let (at, id) = after.unzip();
    sqlx::query_scalar!(
        r#"select c.id as "id: CustomerId" from users.customers c
        where ($1::text is null or c.type = $1) and ($2::text is null or c.tier = $2)
        and ($3::text is null or starts_with(lower(c.display_name), lower($3)) or exists (
            select from users.users u where u.customer_id = c.id and starts_with(lower(u.email), lower($3))))
        and ($4::timestamptz is null or c.created_at >= $4) and ($5::timestamptz is null or c.created_at < $5)
        and ($6::timestamptz is null or (c.created_at, c.id) < ($6, $7::uuid))
        order by c.created_at desc, c.id desc limit $8"#,
        filter.kind as Option<CustomerType>,
        filter.tier as Option<VipTier>,
        filter.search,
        filter.from,
        filter.to,
        at,
        id,
        limit,
    )
    .fetch_all(pool)
    .await
}

pub async fn insert(
    db: &mut PgConnection,
    id: CustomerId,
    kind: CustomerType,
    display_name: Option<&str>,
    marketing: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.customers (id, type, display_name, marketing_opt_in) values ($1, $2, $3, $4)",
        id.0,
        kind as _,
        display_name,
        marketing
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The part of a customer that decisions need.
#[derive(Debug)]
pub struct Standing {
    pub kind: CustomerType,
    pub tier: Option<VipTier>,
    pub renews_at: Option<DateTime<Utc>>,
    pub merged: bool,
}

/// Locks a row. Rows of other tables that refer to it may still come, or two orders of one customer could wait for each
/// other.
async fn hold(db: &mut PgConnection, id: CustomerId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select id from users.customers where id = $1 for no key update",
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(())
}

/// Whose things `id`'s are: the account's, where a guest has become part of one. Locked, so that no guest becomes part
/// of an account while something is written for it.
pub async fn owner(db: &mut PgConnection, id: CustomerId) -> Result<CustomerId, sqlx::Error> {
    hold(db, id).await?;
    let account = sqlx::query_scalar!(
        r#"select customer_id as "customer_id: CustomerId" from users.customer_aliases where alias_id = $1"#,
        id.0
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(account) = account else { return Ok(id) };
    hold(db, account).await?;
    Ok(account)
}

pub async fn lock(db: &mut PgConnection, id: CustomerId) -> Result<Option<Standing>, sqlx::Error> {
    // Two statements: one alone would not see what has happened while it waited for the lock.
    hold(db, id).await?;
    sqlx::query_as!(
        Standing,
        r#"select type as "kind: CustomerType", tier as "tier: VipTier", vip_renews_at as renews_at,
            exists (select from users.customer_aliases a where a.alias_id = id) as "merged!"
        from users.customers where id = $1"#,
        id.0
    )
    .fetch_optional(db)
    .await
}

/// A guest gets an account.
pub async fn register(
    db: &mut PgConnection,
    id: CustomerId,
    display_name: Option<&str>,
    marketing: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.customers set type = 'REGISTERED', display_name = coalesce($2, display_name),
            marketing_opt_in = $3, version = version + 1 where id = $1",
        id.0,
        display_name,
        marketing
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets or clears the tier; a change starts a new year.
pub async fn set_tier(
    db: &mut PgConnection,
    id: CustomerId,
    tier: Option<VipTier>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.customers set type = case when $2::text is null then 'REGISTERED' else 'VIP' end, tier = $2,
            vip_since = case when $2 is not null then coalesce(vip_since, users.now()) end,
            vip_renews_at = case when $2 is not null then users.now() + make_interval(days =>
                (select membership_days from users.loyalty_programme)) end,
            version = version + 1 where id = $1",
        id.0,
        tier as Option<VipTier>
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One step of a customer's way.
pub struct Transition<'a> {
    pub customer: CustomerId,
    pub from: CustomerType,
    pub to: CustomerType,
    pub tiers: (Option<VipTier>, Option<VipTier>),
    pub reason: &'a str,
}

pub async fn record(db: &mut PgConnection, step: Transition<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.customer_transitions (id, customer_id, from_type, to_type, tier_from, tier_to, reason)
        values ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        step.customer.0,
        step.from as _,
        step.to as _,
        step.tiers.0 as Option<VipTier>,
        step.tiers.1 as Option<VipTier>,
        step.reason
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn transitions(pool: &PgPool, ids: &[CustomerId]) -> Result<Vec<CustomerTransition>, sqlx::Error> {
    sqlx::query_as!(
        CustomerTransition,
        r#"select customer_id as "customer_id: CustomerId", from_type as "from: CustomerType",
            to_type as "to: CustomerType", tier_from as "tier_from: VipTier", tier_to as "tier_to: VipTier", reason, at
        from users.customer_transitions where customer_id = any($1) order by id"#,
        &uuids(ids)
    )
    .fetch_all(pool)
    .await
}

pub async fn set_name(db: &mut PgConnection, id: CustomerId, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.customers set display_name = $2, version = version + 1 where id = $1",
        id.0,
        name
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Absent values stay what they are. True if there is such a customer.
pub async fn set_preferences(
    db: &mut PgConnection,
    id: CustomerId,
    currency: Option<&str>,
    locale: Option<&str>,
    marketing: Option<bool>,
    favourites: Option<&[Uuid]>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update users.customers set currency = coalesce($2, currency), locale = coalesce($3, locale),
            marketing_opt_in = coalesce($4, marketing_opt_in),
            favourite_category_ids = coalesce($5, favourite_category_ids), version = version + 1 where id = $1",
        id.0,
        currency,
        locale,
        marketing,
        favourites
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
