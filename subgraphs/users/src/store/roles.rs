//! Roles that are given, and the audit trail of logins.

use platform::ids::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Every active admin, locked in the order of their IDs: whoever takes one away waits here for the others.
pub async fn lock_admins(db: &mut PgConnection) -> Result<Vec<UserId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select u.id as "id: UserId" from users.users u join users.user_roles r on r.user_id = u.id
        where r.role = 'ADMIN' and u.active order by u.id for update"#
    )
    .fetch_all(db)
    .await
}

/// True if the role is new.
pub async fn grant(db: &mut PgConnection, id: UserId, role: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into users.user_roles (user_id, role) values ($1, $2) on conflict do nothing",
        id.0,
        role
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// True if the role was there.
pub async fn revoke(db: &mut PgConnection, id: UserId, role: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "delete from users.user_roles where user_id = $1 and role = $2",
        id.0,
        role
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn audit(
    db: &mut PgConnection,
    id: UserId,
    action: &str,
    detail: Option<&str>,
    actor: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.user_audit (id, user_id, action, detail, actor) values ($1, $2, $3, $4, $5)",
        Uuid::now_v7(),
        id.0,
        action,
        detail,
        actor
    )
    .execute(db)
    .await?;
    Ok(())
}
