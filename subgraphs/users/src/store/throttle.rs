//! Counters of tries that have not been followed by a success. Their keys are hashes, so that unknown addresses leave
//! no trace.

use sqlx::{PgConnection, PgExecutor};

/// A counter, locked.
pub struct Count {
    pub key: Vec<u8>,
    pub tries: i32,
    /// Seconds since the last try.
    pub rested: i64,
}

/// Locks counters in the order of their keys, making those that are missing.
pub async fn lock(db: &mut PgConnection, keys: &[Vec<u8>]) -> Result<Vec<Count>, sqlx::Error> {
    sqlx::query_as!(
        Count,
        r#"insert into users.login_attempts as a (account, failures, last_at)
        select key, 0, users.now() from unnest($1::bytea[]) as t (key) order by key
        on conflict (account) do update set failures = a.failures
        returning account as key, failures as tries,
            floor(extract(epoch from users.now() - last_at))::bigint as "rested!""#,
        keys
    )
    .fetch_all(db)
    .await
}

pub async fn set(db: &mut PgConnection, keys: &[Vec<u8>], tries: &[i32]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.login_attempts a set failures = t.tries, last_at = users.now()
        from unnest($1::bytea[], $2::int[]) as t (key, tries) where a.account = t.key",
        keys,
        tries
    )
    .execute(db)
    .await?;
    Ok(())
}

/// All tries of an account, after a success.
pub async fn forgive(db: impl PgExecutor<'_>, key: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from users.login_attempts where account = $1", key)
        .execute(db)
        .await?;
    Ok(())
}

/// The one try that has succeeded.
pub async fn take_back(db: impl PgExecutor<'_>, key: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.login_attempts set failures = greatest(failures - 1, 0) where account = $1",
        key
    )
    .execute(db)
    .await?;
    Ok(())
}
