//! Members of vendors, and invitations.

use crate::schema::vendor::VendorMember;
use platform::ids::{UserId, VendorId, uuids};
use sqlx::{PgConnection, PgExecutor};

/// Members of these vendors, and memberships of these logins.
pub async fn rows(
    db: impl PgExecutor<'_>,
    vendors: &[VendorId],
    users: &[UserId],
) -> Result<Vec<VendorMember>, sqlx::Error> {
    sqlx::query_as!(
        VendorMember,
        r#"select vendor_id as "vendor_id: VendorId", user_id as "user_id: UserId", role, joined_at
        from users.vendor_members where vendor_id = any($1) or user_id = any($2) order by joined_at, user_id"#,
        &uuids(vendors),
        &uuids(users)
    )
    .fetch_all(db)
    .await
}

pub async fn add(
    db: &mut PgConnection,
    vendor: VendorId,
    user: UserId,
    role: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.vendor_members (vendor_id, user_id, role) values ($1, $2, $3) on conflict do nothing",
        vendor.0,
        user.0,
        role
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The member who has proved that the address is theirs.
pub async fn with_email(
    db: &mut PgConnection,
    vendor: VendorId,
    email: &str,
) -> Result<Option<UserId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select m.user_id as "user: UserId" from users.vendor_members m join users.users u on u.id = m.user_id
        where m.vendor_id = $1 and lower(u.email) = lower($2) and u.email_verified_at is not null"#,
        vendor.0,
        email
    )
    .fetch_optional(db)
    .await
}

pub async fn set_role(
    db: &mut PgConnection,
    vendor: VendorId,
    user: UserId,
    role: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.vendor_members set role = $3 where vendor_id = $1 and user_id = $2",
        vendor.0,
        user.0,
        role
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many invitations are open, and whether this address has one of them.
pub async fn invitations(
    db: &mut PgConnection,
    vendor: VendorId,
    email: &str,
) -> Result<(i64, bool), sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) as "open!", coalesce(bool_or(email = lower($2)), false) as "known!"
        from users.vendor_invitations where vendor_id = $1"#,
        vendor.0,
        email
    )
    .fetch_one(db)
    .await?;
    Ok((row.open, row.known))
}

/// True if there was such a member.
pub async fn remove(db: &mut PgConnection, vendor: VendorId, user: UserId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "delete from users.vendor_members where vendor_id = $1 and user_id = $2",
        vendor.0,
        user.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The last invitation of an address counts.
pub async fn invite(
    db: &mut PgConnection,
    vendor: VendorId,
    email: &str,
    role: &str,
    by: Option<UserId>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.vendor_invitations (vendor_id, email, role, invited_by) values ($1, lower($2), $3, $4)
        on conflict (vendor_id, email) do update set role = excluded.role, invited_by = excluded.invited_by, at = users.now()",
        vendor.0,
        email,
        role,
        by.map(|user| user.0)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Turns the invitations of an address into memberships of whoever has proved that it is theirs.
pub async fn accept_invitations(db: &mut PgConnection, email: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with owner as (
            select id from users.users where lower(email) = lower($1) and email_verified_at is not null and active
        ), accepted as (
            delete from users.vendor_invitations i using owner o where i.email = lower($1)
            returning i.vendor_id, o.id as user_id, i.role
        )
        insert into users.vendor_members (vendor_id, user_id, role) select vendor_id, user_id, role from accepted
        on conflict do nothing",
        email
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Turns one invitation into a membership of a login whose address it went to. False if there is none.
pub async fn accept(db: &mut PgConnection, vendor: VendorId, user: UserId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "with accepted as (
            delete from users.vendor_invitations i using users.users u
            where i.vendor_id = $1 and u.id = $2 and i.email = lower(u.email) and u.email_verified_at is not null and u.active
            returning i.vendor_id, u.id as user_id, i.role
        )
        insert into users.vendor_members (vendor_id, user_id, role) select vendor_id, user_id, role from accepted
        on conflict do nothing",
        vendor.0,
        user.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many vendors somebody owns.
pub async fn owned(db: &mut PgConnection, user: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from users.vendor_members where user_id = $1 and role = 'OWNER'"#,
        user.0
    )
    .fetch_one(db)
    .await
}
