//! Registrations that wait for their mailbox.

use platform::{Language, ids::CustomerId};
use sqlx::{PgConnection, PgExecutor};

/// What somebody said who wants an account.
#[derive(Debug)]
pub struct Pending {
    pub email: String,
    /// `None`: the registrations of this address disagree.
    pub password_hash: Option<String>,
    pub display_name: Option<String>,
    pub locale: Language,
    pub marketing: bool,
    pub guest: Option<CustomerId>,
}

/// Keeps a registration. Whether its address is free is not asked here.
pub async fn insert(db: &mut PgConnection, hash: &[u8], new: &Pending) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.registrations (hash, email, password_hash, display_name, locale, marketing_opt_in, guest_id)
        values ($1, $2, $3, $4, $5, $6, (select id from users.customers where id = $7))",
        hash,
        new.email,
        new.password_hash,
        new.display_name,
        new.locale.as_str(),
        new.marketing,
        new.guest.map(|guest| guest.0)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A further secret for what waits under this address, once a minute at most. Registrations with different passwords
/// may be of different people: then neither a password nor a guest is taken from them.
pub async fn renew(
    db: &mut PgConnection,
    hash: &[u8],
    email: &str,
) -> Result<Option<(String, Language)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"with open as materialized (
            select * from users.registrations where lower(email) = lower($2) and expires_at > users.now()
        ), agreed as (select count(distinct password_hash) = 1 and bool_and(password_hash is not null) as yes from open)
        insert into users.registrations (hash, email, password_hash, display_name, locale, marketing_opt_in, guest_id)
        select $1, email, case when yes then password_hash end, case when yes then display_name end, locale,
            yes and marketing_opt_in, case when yes then guest_id end
        from open, agreed
        where not exists (select from open where created_at > users.now() - interval '1 minute')
        order by created_at desc limit 1
        returning email, locale as "locale: Language""#,
        hash,
        email
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.email, row.locale)))
}

/// Uses up a secret; `None` if it is unknown, used or too old. All registrations of the address are locked: the first
/// that is answered is the only one.
pub async fn take(db: &mut PgConnection, hash: &[u8]) -> Result<Option<Pending>, sqlx::Error> {
    sqlx::query!(
        "select hash from users.registrations
        where lower(email) = (select lower(email) from users.registrations where hash = $1) order by hash for update",
        hash
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query_as!(
        Pending,
        r#"delete from users.registrations where hash = $1 and expires_at > users.now()
        returning email, password_hash, display_name, locale as "locale: Language", marketing_opt_in as marketing,
            guest_id as "guest: CustomerId""#,
        hash
    )
    .fetch_optional(db)
    .await
}

/// The address is taken: nothing that waits for it can succeed any more.
pub async fn forget(db: impl PgExecutor<'_>, email: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from users.registrations where lower(email) = lower($1)",
        email
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One of them can never succeed.
pub async fn drop(db: impl PgExecutor<'_>, hash: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from users.registrations where hash = $1", hash)
        .execute(db)
        .await?;
    Ok(())
}
