//! Keys of access tokens.

use chrono::{DateTime, Utc};
use contracts::users::KeyState;
use jsonwebtoken::jwk::Jwk;
use platform::token::ACCESS_TOKEN_SECONDS;
use sqlx::{PgConnection, PgExecutor, types::Json};

/// Seconds for which a token may outlive its `exp` on a clock that is late.
const LEEWAY: f64 = 60.0;

/// A key and what it is good for now.
pub struct KeyRow {
    pub kid: String,
    pub public_jwk: Json<Jwk>,
    /// The private half; `None` if the configuration has it.
    pub sealed: Option<Vec<u8>>,
    pub signs_from: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    /// Retired, or followed by another one so long ago that its last token has ended.
    ended: bool,
    /// Another one signs by now.
    followed: bool,
    signs: bool,
}

impl KeyRow {
    pub fn state(&self) -> KeyState {
        match (self.ended, self.signs, self.followed) {
            (true, ..) => KeyState::Ended,
            (false, false, _) => KeyState::Next,
            (false, true, true) => KeyState::Old,
            (false, true, false) => KeyState::Signing,
        }
    }
}

/// All keys, oldest first.
pub async fn all(db: impl PgExecutor<'_>) -> Result<Vec<KeyRow>, sqlx::Error> {
    sqlx::query_as!(
        KeyRow,
        r#"select kid, public_jwk as "public_jwk: Json<Jwk>", sealed, signs_from, created_at,
            (retired_at is not null or coalesce(next < users.now() - make_interval(secs => $1), false)) as "ended!",
            coalesce(next <= users.now(), false) as "followed!", (signs_from <= users.now()) as "signs!"
        from (select *, lead(signs_from) over (partition by retired_at is null order by signs_from, created_at, kid) as next
            from users.signing_keys) k
        order by signs_from, created_at, kid"#,
        ACCESS_TOKEN_SECONDS as f64 + LEEWAY
    )
    .fetch_all(db)
    .await
}

/// Publishes a key that signs in `delay` seconds; nothing happens if it is known.
pub async fn insert(
    db: impl PgExecutor<'_>,
    jwk: &Jwk,
    kid: &str,
    sealed: Option<&[u8]>,
    delay: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.signing_keys (kid, public_jwk, sealed, signs_from)
        values ($1, $2, $3, users.now() + make_interval(secs => $4)) on conflict do nothing",
        kid,
        Json(jwk) as _,
        sealed,
        f64::from(delay)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends a key. Its successor, if there is one, signs at once.
pub async fn retire(db: &mut PgConnection, kid: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.signing_keys set retired_at = coalesce(retired_at, users.now()) where kid = $1",
        kid
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update users.signing_keys set signs_from = users.now() where retired_at is null and signs_from > users.now()"
    )
    .execute(db)
    .await?;
    Ok(())
}
