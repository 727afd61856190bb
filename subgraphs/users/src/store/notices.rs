//! Mails about what has happened to an account, until they are handed over.

use chrono::{DateTime, Utc};
use platform::ids::UserId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// One mail.
#[derive(Debug)]
pub struct Notice {
    pub id: Uuid,
    pub user: UserId,
    pub email: String,
    pub template: String,
    pub at: DateTime<Utc>,
    pub attempts: i32,
}

/// To the address that the login has now.
pub async fn insert(db: &mut PgConnection, user: UserId, template: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.notices (id, user_id, email, template) select $1, id, email, $3 from users.users where id = $2",
        Uuid::now_v7(),
        user.0,
        template
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes one that is due for a minute; a worker that dies gives it back in this way.
pub async fn claim(db: impl PgExecutor<'_>) -> Result<Option<Notice>, sqlx::Error> {
    sqlx::query_as!(
        Notice,
        r#"update users.notices set attempts = attempts + 1, next_attempt_at = pg_catalog.now() + interval '1 minute'
        where id = (select id from users.notices where next_attempt_at <= pg_catalog.now()
            order by next_attempt_at limit 1 for update skip locked)
        returning id, user_id as "user: UserId", email, template, at, attempts"#
    )
    .fetch_optional(db)
    .await
}

pub async fn delete(db: impl PgExecutor<'_>, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from users.notices where id = $1", id)
        .execute(db)
        .await?;
    Ok(())
}

/// Tried again, ever more slowly.
pub async fn failed(db: impl PgExecutor<'_>, id: Uuid, attempts: i32) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.notices set next_attempt_at = pg_catalog.now() + make_interval(secs => $2::float8) where id = $1",
        id,
        f64::from(1_u32 << attempts.clamp(0, 11))
    )
    .execute(db)
    .await?;
    Ok(())
}
