//! What staff does to logins.

use crate::{
    App,
    domain::credentials,
    store::{roles, sessions, users},
};
use async_graphql::ID;
use platform::{Moment, Outcome, Role, Tx, UserError, UserErrorCode, Viewer, error::parse_id, ids::UserId};

/// There is always an active admin. Locks all of them, so that two at once cannot remove each other.
pub async fn keep_an_admin(tx: &mut Tx, id: UserId) -> Outcome<()> {
    let admins = roles::lock_admins(tx).await?;
    if admins.iter().any(|admin| *admin != id) {
        return Ok(());
    }
    Err(UserError::refused(UserErrorCode::Conflict, "there must be another active admin").into())
}

/// Locks or unlocks a login; locked, all its sessions end.
pub async fn set_active(
    app: &App,
    viewer: &Viewer,
    id: &ID,
    active: bool,
    reason: String,
) -> Outcome<UserId> {
    let id = parse_id::<UserId>(id)?;
    let reason = credentials::text(reason, 500, &["reason"])?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let rows = users::rows(&mut *tx, &[id], &[]).await?;
    let row = rows.first().ok_or_else(|| UserError::not_found(id))?;
    if row.roles().contains(&Role::Admin) {
        if !viewer.is_admin() {
            return Err(UserError::forbidden("ADMIN").into());
        }
        if !active {
            keep_an_admin(&mut tx, id).await?;
        }
    }
    let Some((_, was, customer)) = users::lock(&mut tx, id).await? else {
        return Err(UserError::not_found(id).into());
    };
    if was == active {
        return Ok(id);
    }
    users::set_active(&mut tx, id, active).await?;
    if !active {
        sessions::revoke_all(&mut tx, customer, None, "INACTIVE").await?;
    }
    let action = if active { "ACTIVATED" } else { "DEACTIVATED" };
    roles::audit(&mut tx, id, action, Some(&reason), &viewer.actor()).await?;
    tx.commit().await?;
    Ok(id)
}

/// The roles that are given; all others follow from what somebody does.
fn given(role: Role) -> Result<&'static str, UserError> {
    match role {
        Role::Staff => Ok("STAFF"),
        Role::Admin => Ok("ADMIN"),
        _ => Err(UserError::invalid(
            &["role"],
            "STAFF or ADMIN; the others follow from membership and tier",
        )),
    }
}

/// Ends the access tokens, not the sessions: the next token has the role.
pub async fn assign(app: &App, viewer: &Viewer, id: &ID, role: Role) -> Outcome<UserId> {
    let id = parse_id::<UserId>(id)?;
    let name = given(role)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    users::lock(&mut tx, id)
        .await?
        .ok_or_else(|| UserError::not_found(id))?;
    if roles::grant(&mut tx, id, name).await? {
        sessions::outdate(&mut tx, id).await?;
        roles::audit(&mut tx, id, "ROLE_ASSIGNED", Some(name), &viewer.actor()).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Ends the sessions too, so that no refresh brings the role back.
pub async fn revoke(app: &App, viewer: &Viewer, id: &ID, role: Role) -> Outcome<UserId> {
    let id = parse_id::<UserId>(id)?;
    let name = given(role)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    if role == Role::Admin {
        let rows = users::rows(&mut *tx, &[id], &[]).await?;
        if rows
            .iter()
            .any(|row| row.active && row.roles().contains(&Role::Admin))
        {
            keep_an_admin(&mut tx, id).await?;
        }
    }
    let (_, _, customer) = users::lock(&mut tx, id)
        .await?
        .ok_or_else(|| UserError::not_found(id))?;
    if roles::revoke(&mut tx, id, name).await? {
        sessions::revoke_all(&mut tx, customer, None, "ROLE_REVOKED").await?;
        roles::audit(&mut tx, id, "ROLE_REVOKED", Some(name), &viewer.actor()).await?;
    }
    tx.commit().await?;
    Ok(id)
}
