//! Sessions, their refresh tokens, and what has become of both.

use crate::{domain::device::device, store::users::roles};
use chrono::{DateTime, Utc};
use platform::{
    Role, Viewer,
    client::Client,
    ids::{CustomerId, SessionId, UserId, VendorId, uuids},
    revocation::Revocation,
    token::ACCESS_TOKEN_SECONDS,
};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: SessionId,
    pub user_id: UserId,
    pub device: Option<String>,
    pub ip: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

pub async fn insert(
    db: &mut PgConnection,
    id: SessionId,
    user: Option<UserId>,
    customer: CustomerId,
    place: Place,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.sessions (id, user_id, customer_id, device, ip, expires_at)
        values ($1, $2, $3, $4, $5, users.now() + interval '30 days')",
        id.0,
        user.map(|user| user.0),
        customer.0,
        place.device,
        place.ip
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

/// A used token comes again: somebody has stolen it, or its successor. Within ten seconds it is only a client that
/// asked twice at once, or whose answer was lost.
pub async fn revoke_reused(db: &mut PgConnection, hash: &[u8]) -> Result<Option<SessionId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update users.sessions s set revoked_at = users.now(), revoked_reason = 'REUSE'
        from users.refresh_tokens t
        where t.hash = $1 and s.id = t.session_id and s.revoked_at is null
            and t.used_at < users.now() - interval '10 seconds'
        returning s.id as "id: SessionId""#,
        hash
    )
    .fetch_optional(db)
    .await
}

/// From where a session was seen.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub device: Option<String>,
    pub ip: Option<String>,
}

impl Place {
    pub fn of(client: &Client) -> Self {
        Self {
            device: client.agent.as_deref().and_then(device),
            ip: client.address.map(|address| address.to_canonical().to_string()),
        }
    }
}

pub async fn seen(db: &mut PgConnection, id: SessionId, place: Place) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.sessions set last_seen_at = users.now(), expires_at = users.now() + interval '30 days',
            device = coalesce($2, device), ip = coalesce($3, ip) where id = $1",
        id.0,
        place.device,
        place.ip
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
        r#"select id as "id: SessionId", user_id as "user_id!: UserId", device, ip, created_at,
            last_seen_at from users.sessions
        where user_id = any($1) and revoked_at is null and expires_at > users.now()
        order by last_seen_at desc, id desc limit 1000"#,
        &uuids(users)
    )
    .fetch_all(pool)
    .await
}

/// Access tokens of these sessions that were made until now are dead; their next ones say what is true now.
pub async fn outdate(db: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.revocations as r (session_id, tokens_until)
        select id, floor(extract(epoch from clock_timestamp()))::bigint + $2 from users.sessions
        where user_id = $1 and revoked_at is null and expires_at > users.now() order by id
        on conflict (session_id) do update set at = clock_timestamp(), tokens_until = case
            when r.tokens_until is not null then excluded.tokens_until end",
        user.0,
        i64::try_from(ACCESS_TOKEN_SECONDS).unwrap_or(i64::MAX)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Revocations that may still matter: those of longer ago concern only tokens that have ended by themselves.
pub async fn revocations(pool: &PgPool) -> Result<Vec<Revocation>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select session_id as "session: SessionId", tokens_until from users.revocations
        where at > clock_timestamp() - interval '15 minutes'"#
    )
    .fetch_all(pool)
    .await?;
    let revocation = |until: Option<i64>| until.map_or(u64::MAX, |until| u64::try_from(until).unwrap_or(0));
    Ok(rows
        .into_iter()
        .map(|row| Revocation {
            session: row.session,
            tokens_until: revocation(row.tokens_until),
        })
        .collect())
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
    sqlx::query!("delete from users.revocations where at < clock_timestamp() - interval '1 hour'")
        .execute(pool)
        .await?;
    sqlx::query!("delete from users.registrations where expires_at < users.now()")
        .execute(pool)
        .await?;
    sqlx::query!("delete from users.mail_tokens where expires_at < users.now() - interval '7 days'")
        .execute(pool)
        .await?;
    Ok(())
}
