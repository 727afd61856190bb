//! Vendors, their members and their history.

use crate::{
    domain::vendor::VendorStatus,
    schema::vendor::{Vendor, VendorStatusChange},
};
use chrono::{DateTime, Utc};
use platform::{
    PostalAddress,
    ids::{UserId, VendorId, uuids},
};
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use uuid::Uuid;

/// Who looks at vendors: everybody sees approved ones, members and staff see theirs and all.
#[derive(Clone, Copy, Debug)]
pub struct Eyes {
    pub all: bool,
    pub user: Option<UserId>,
}

impl Eyes {
    /// For what has been allowed already.
    pub const ALL: Self = Self {
        all: true,
        user: None,
    };
}

pub async fn rows(
    db: impl PgExecutor<'_>,
    eyes: Eyes,
    ids: &[VendorId],
    slug: Option<&str>,
) -> Result<Vec<Vendor>, sqlx::Error> {
    sqlx::query_as!(
        Vendor,
        r#"select v.id as "id: VendorId", v.slug, v.display_name, v.legal_name as legal, v.status as "status: VendorStatus",
            v.description, v.address as "postal: Json<PostalAddress>", v.return_policy_days, v.logo_url,
            v.approved_by as "approver: UserId", v.approved_at, v.created_at, v.version, (m.managed or $1) as "managed!"
        from users.vendors v cross join lateral (
            select exists (select from users.vendor_members m where m.vendor_id = v.id and m.user_id = $2) as managed
        ) m
        where (v.id = any($3) or v.slug = $4) and (v.status = 'APPROVED' or $1 or m.managed)"#,
        eyes.all,
        eyes.user.map(|user| user.0),
        &uuids(ids),
        slug
    )
    .fetch_all(db)
    .await
}

/// What `vendors(where:)` asks for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<Vec<String>>,
    /// Start of a name or a slug.
    pub search: Option<String>,
}

pub async fn page(
    pool: &PgPool,
    eyes: Eyes,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<VendorId>, sqlx::Error> {
    let (at, id) = after.unzip();
    sqlx::query_scalar!(
        r#"select v.id as "id: VendorId" from users.vendors v
        where (v.status = 'APPROVED' or $1 or exists (
            select from users.vendor_members m where m.vendor_id = v.id and m.user_id = $2))
        and ($3::text[] is null or v.status = any($3))
        and ($4::text is null or starts_with(lower(v.display_name), lower($4)) or starts_with(v.slug, lower($4)))
        and ($5::timestamptz is null or (v.created_at, v.id) < ($5, $6::uuid))
        order by v.created_at desc, v.id desc limit $7"#,
        eyes.all,
        eyes.user.map(|user| user.0),
        filter.status.as_deref(),
        filter.search,
        at,
        id,
        limit
    )
    .fetch_all(pool)
    .await
}

/// What an edit sets.
#[derive(Debug)]
pub struct Profile {
    pub slug: String,
    pub display_name: String,
    pub legal_name: String,
    pub description: Option<String>,
    pub country: String,
    pub address: Option<PostalAddress>,
    pub return_policy_days: i32,
    pub logo_url: Option<String>,
}

/// False if the slug is taken.
pub async fn insert(
    db: &mut PgConnection,
    id: VendorId,
    status: VendorStatus,
    profile: &Profile,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into users.vendors (id, slug, display_name, legal_name, status, description, country, address, return_policy_days, logo_url)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
        id.0,
        profile.slug,
        profile.display_name,
        profile.legal_name,
        status as _,
        profile.description,
        profile.country,
        profile.address.as_ref().map(Json) as _,
        profile.return_policy_days,
        profile.logo_url
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Violates the constraint `vendors_slug` if the slug is taken.
pub async fn update(db: &mut PgConnection, id: VendorId, profile: &Profile) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.vendors set slug = $2, display_name = $3, legal_name = $4, description = $5, country = $6,
            address = $7, return_policy_days = $8, logo_url = $9, version = version + 1 where id = $1",
        id.0,
        profile.slug,
        profile.display_name,
        profile.legal_name,
        profile.description,
        profile.country,
        profile.address.as_ref().map(Json) as _,
        profile.return_policy_days,
        profile.logo_url
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A locked vendor as decisions see it.
#[derive(Debug)]
pub struct Locked {
    pub status: VendorStatus,
    pub slug: String,
    pub legal_name: String,
    pub version: i32,
    /// The asker's own role in it.
    pub role: Option<String>,
}

pub async fn lock(
    db: &mut PgConnection,
    id: VendorId,
    user: Option<UserId>,
) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"select v.status as "status: VendorStatus", v.slug, v.legal_name, v.version,
            (select m.role from users.vendor_members m where m.vendor_id = v.id and m.user_id = $2) as role
        from users.vendors v where v.id = $1 for update"#,
        id.0,
        user.map(|user| user.0)
    )
    .fetch_optional(db)
    .await
}

pub async fn lock_by_slug(
    db: &mut PgConnection,
    slug: &str,
) -> Result<Option<(VendorId, VendorStatus)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select id as "id: VendorId", status as "status: VendorStatus" from users.vendors where slug = $1 for update"#,
        slug
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.status)))
}

/// Sets the status and writes it into the history.
pub async fn transit(
    db: &mut PgConnection,
    id: VendorId,
    from: VendorStatus,
    to: VendorStatus,
    reason: Option<&str>,
    by: Option<UserId>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.vendors set status = $2, version = version + 1,
            approved_at = case when $2 = 'APPROVED' then coalesce(approved_at, users.now()) else approved_at end,
            approved_by = case when $2 = 'APPROVED' then coalesce(approved_by, $3) else approved_by end
        where id = $1",
        id.0,
        to as _,
        by.map(|user| user.0)
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into users.vendor_status_changes (id, vendor_id, from_status, to_status, reason, by_user)
        values ($1, $2, $3, $4, $5, $6)",
        Uuid::now_v7(),
        id.0,
        from as _,
        to as _,
        reason,
        by.map(|user| user.0)
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn history(pool: &PgPool, ids: &[VendorId]) -> Result<Vec<VendorStatusChange>, sqlx::Error> {
    sqlx::query_as!(
        VendorStatusChange,
        r#"select vendor_id as "vendor_id: VendorId", from_status as "from: VendorStatus",
            to_status as "to: VendorStatus", reason, by_user as "actor: UserId", at
        from users.vendor_status_changes where vendor_id = any($1) order by id"#,
        &uuids(ids)
    )
    .fetch_all(pool)
    .await
}
