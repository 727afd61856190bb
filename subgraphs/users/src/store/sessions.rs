//! Sessions, their refresh tokens, and the brake on logins.

use crate::{domain::throttle, store::users::roles};
use chrono::{DateTime, Utc};
use platform::{
    Role, Viewer,
    ids::{CustomerId, SessionId, UserId, VendorId, uuids},
};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

pub async fn insert(
    db: &mut PgConnection,
    id: SessionId,
    user: Option<UserId>,
    customer: CustomerId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.sessions (id, user_id, customer_id, expires_at)
        values ($1, $2, $3, users.now() + interval '30 days')",
        id.0,
        user.map(|user| user.0),
        customer.0
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn insert_token(db: &mut PgConnection, session: SessionId, hash: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.refresh_tokens (hash, session_id) values ($1, $2)",
        hash,
        session.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses up a refresh token. Of many at once, one gets the session; the others get `None`.
pub async fn spend(db: &mut PgConnection, hash: &[u8]) -> Result<Option<SessionId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update users.refresh_tokens t set used_at = users.now()
        from users.sessions s left join users.users u on u.id = s.user_id
        where t.hash = $1 and t.used_at is null and s.id = t.session_id and s.revoked_at is null
            and s.expires_at > users.now() and (u.id is null or u.active)
        returning s.id as "id: SessionId""#,
        hash
    )
    .fetch_optional(db)
    .await
}

/// Says when a token was used up, by the clock that also tells when requests arrive.
pub async fn used_at(db: &mut PgConnection, hash: &[u8], at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.refresh_tokens set used_at = $2 where hash = $1",
        hash,
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A used token comes again: somebody has stolen it, or its successor. A request that arrived before
/// the token was used is only a client that asked twice at once.
pub async fn revoke_reused(
    db: &mut PgConnection,
    hash: &[u8],
    arrived: DateTime<Utc>,
) -> Result<Option<SessionId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update users.sessions s set revoked_at = users.now(), revoked_reason = 'REUSE'
        from users.refresh_tokens t
        where t.hash = $1 and s.id = t.session_id and s.revoked_at is null
            and t.used_at < $2
        returning s.id as "id: SessionId""#,
        hash,
        arrived
    )
    .fetch_optional(db)
    .await
}

pub async fn seen(db: &mut PgConnection, id: SessionId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.sessions set last_seen_at = users.now(), expires_at = users.now() + interval '30 days'
        where id = $1",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who a session speaks for, as it stands now.
pub async fn viewer(db: &mut PgConnection, id: SessionId) -> Result<Viewer, sqlx::Error> {
    let row = sqlx::query!(
        r#"select s.user_id as "user_id: UserId", s.customer_id as "customer_id: CustomerId", c.tier,
            array(select r.role from users.user_roles r where r.user_id = s.user_id) as "granted!",
            array(select m.vendor_id from users.vendor_members m where m.user_id = s.user_id order by 1) as "vendors!: Vec<Uuid>"
        from users.sessions s join users.customers c on c.id = s.customer_id where s.id = $1"#,
        id.0
    )
    .fetch_one(db)
    .await?;
    let roles = match row.user_id {
        None => vec![Role::Guest],
        Some(_) => roles(&row.granted, row.tier.is_some(), !row.vendors.is_empty()),
    };
    Ok(Viewer {
        user: row.user_id,
        customer: Some(row.customer_id),
        session: Some(id),
        roles,
        vendors: row.vendors.into_iter().map(VendorId).collect(),
        tier: row.tier,
        expires_at: None,
    })
}

/// Whether a session may still be used.
pub async fn alive(db: impl PgExecutor<'_>, id: SessionId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from users.sessions s left join users.users u on u.id = s.user_id
            where s.id = $1 and s.revoked_at is null and s.expires_at > users.now() and (u.id is null or u.active)
        ) as "alive!""#,
        id.0
    )
    .fetch_one(db)
    .await
}

/// Ends one session of `customer`. True if there was one.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    id: SessionId,
    customer: CustomerId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update users.sessions set revoked_at = coalesce(revoked_at, users.now()),
            revoked_reason = coalesce(revoked_reason, 'LOGOUT') where id = $1 and customer_id = $2",
        id.0,
        customer.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all sessions of a customer but `keep`.
pub async fn revoke_all(
    db: &mut PgConnection,
    customer: CustomerId,
    keep: Option<SessionId>,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.sessions set revoked_at = users.now(), revoked_reason = $3
        where customer_id = $1 and revoked_at is null and id is distinct from $2",
        customer.0,
        keep.map(|id| id.0),
        reason
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn of_users(pool: &PgPool, users: &[UserId]) -> Result<Vec<SessionRow>, sqlx::Error> {
    sqlx::query_as!(
        SessionRow,
        r#"select id as "id: SessionId", user_id as "user_id!: UserId", created_at, last_seen_at from users.sessions
        where user_id = any($1) and revoked_at is null and expires_at > users.now()
        order by last_seen_at desc, id desc limit 1000"#,
        &uuids(users)
    )
    .fetch_all(pool)
    .await
}

/// Counts a try before it is made, so that a hundred at once are still a hundred. `Err` carries the seconds to wait.
pub async fn charge(pool: &PgPool, account: &[u8]) -> Result<Result<(), i64>, sqlx::Error> {
    let failures: Option<i32> = sqlx::query_scalar!(
        "select failures from users.login_attempts where account = $1",
        account
    )
    .fetch_optional(pool)
    .await?;
    let delay = throttle::delay(failures.unwrap_or(0));
    // The count is compared again, because somebody else may have tried since; a day of rest forgives everything.
    let charged = sqlx::query!(
        "insert into users.login_attempts as a (account, failures, last_at) values ($1, 1, users.now())
        on conflict (account) do update
            set failures = case when a.last_at < users.now() - interval '1 day' then 1 else a.failures + 1 end,
                last_at = users.now()
            where a.failures < $2
                or (a.failures = $4 and a.last_at <= users.now() - make_interval(secs => $3::float8))",
        account,
        throttle::FREE,
        delay as f64,
        failures.unwrap_or(-1),
    )
    .execute(pool)
    .await?
    .rows_affected();
    Ok(if charged == 1 {
        Ok(())
    } else {
        Err(delay.max(throttle::delay(throttle::FREE)))
    })
}

/// After a success.
pub async fn forgive(db: impl PgExecutor<'_>, account: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from users.login_attempts where account = $1", account)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes what can no longer be used.
pub async fn clean(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from users.sessions where expires_at < users.now() - interval '7 days'")
        .execute(pool)
        .await?;
    sqlx::query!("delete from users.refresh_tokens where used_at < users.now() - interval '30 days'")
        .execute(pool)
        .await?;
    sqlx::query!("delete from users.login_attempts where last_at < users.now() - interval '2 days'")
        .execute(pool)
        .await?;
    sqlx::query!("delete from users.mail_tokens where expires_at < users.now() - interval '7 days'")
        .execute(pool)
        .await?;
    Ok(())
}
