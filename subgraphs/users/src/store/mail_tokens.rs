//! Secrets sent by mail, kept as hashes.

use platform::{Language, ids::UserId};
use sqlx::{PgConnection, PgExecutor};

/// What a secret is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Activate,
    PasswordReset,
    EmailChange,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "ACTIVATE",
            Self::PasswordReset => "PASSWORD_RESET",
            Self::EmailChange => "EMAIL_CHANGE",
        }
    }

    fn minutes(self) -> i32 {
        match self {
            Self::Activate => 24 * 60,
            Self::PasswordReset | Self::EmailChange => 30,
        }
    }
}

/// Stores a new secret in place of earlier ones. False if the last mail is less than a minute old.
pub async fn issue(
    db: &mut PgConnection,
    user: UserId,
    purpose: Purpose,
    email: &str,
    hash: &[u8],
) -> Result<bool, sqlx::Error> {
    // The user's row orders concurrent requests.
    sqlx::query!(
        "select id from users.users where id = $1 for no key update",
        user.0
    )
    .fetch_one(&mut *db)
    .await?;
    let issued = sqlx::query!(
        "insert into users.mail_tokens (hash, user_id, purpose, email, expires_at)
        select $1, $2, $3, $4, users.now() + make_interval(mins => $5) where not exists (
            select from users.mail_tokens where user_id = $2 and purpose = $3
                and created_at > users.now() - interval '1 minute')",
        hash,
        user.0,
        purpose.as_str(),
        email,
        purpose.minutes()
    )
    .execute(&mut *db)
    .await?
    .rows_affected();
    sqlx::query!(
        "update users.mail_tokens set used_at = users.now()
        where $4 and user_id = $1 and purpose = $2 and hash <> $3 and used_at is null",
        user.0,
        purpose.as_str(),
        hash,
        issued == 1
    )
    .execute(db)
    .await?;
    Ok(issued == 1)
}

/// Uses up a secret; `None` if it is unknown, used or too old, its owner is not active, or the mail went to an address
/// that is not theirs any more.
pub async fn consume(
    db: impl PgExecutor<'_>,
    purpose: Purpose,
    hash: &[u8],
) -> Result<Option<(UserId, String)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"update users.mail_tokens t set used_at = users.now() from users.users u
        where t.hash = $1 and t.purpose = $2 and t.used_at is null and t.expires_at > users.now()
            and u.id = t.user_id and u.active and ($2 = 'EMAIL_CHANGE' or lower(u.email) = lower(t.email))
        returning t.user_id as "user_id: UserId", t.email"#,
        hash,
        purpose.as_str()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.user_id, row.email)))
}

/// Whether [`consume`] would find something.
pub async fn usable(db: impl PgExecutor<'_>, purpose: Purpose, hash: &[u8]) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from users.mail_tokens
            where hash = $1 and purpose = $2 and used_at is null and expires_at > users.now()) as "usable!""#,
        hash,
        purpose.as_str()
    )
    .fetch_one(db)
    .await
}

/// Whoever sets a new password does not trust those who knew the old one: their mails are void.
pub async fn void(db: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.mail_tokens set used_at = users.now()
        where user_id = $1 and purpose in ('PASSWORD_RESET', 'EMAIL_CHANGE') and used_at is null",
        user.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The language of a login's mails.
pub async fn locale(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<Language>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select locale as "locale: Language" from users.users where id = $1"#,
        id.0
    )
    .fetch_optional(db)
    .await
}
