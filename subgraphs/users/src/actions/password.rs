//! Change and loss of a password.

use crate::{
    App,
    actions::{account::bad_token, mail, session},
    auth::digest,
    domain::credentials,
    store::{
        mail_tokens::{self, Purpose},
        members, roles, sessions, users,
    },
};
use platform::{Moment, Outcome, UserError, Viewer, ids::UserId};

/// Checks the password of somebody who is logged in, under the same brake as a login.
pub async fn check(app: &App, user: UserId, password: &str, path: &[&str]) -> Outcome<()> {
    let wrong = || UserError::invalid(path, "the current password");
    let known = users::password_hash(app.deps.db.pool(), user).await?;
    let Some((email, hash)) = known else {
        return Err(UserError::unauthenticated().into());
    };
    if !credentials::plausible(password) {
        return Err(wrong().into());
    }
    let account = session::account_key(&email);
    session::brake(app, &account).await?;
    if !app.auth.verify(password, Some(&hash)).await? {
        return Err(wrong().into());
    }
    sessions::forgive(app.deps.db.pool(), &account).await?;
    Ok(())
}

/// A new password ends all other sessions.
pub async fn change(app: &App, viewer: &Viewer, current: &str, new: &str) -> Outcome<()> {
    let user = viewer.require_user()?;
    credentials::password(new, &["newPassword"])?;
    check(app, user, current, &["current"]).await?;
    let hash = app.auth.hash(new).await?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some((_, true, customer)) = users::lock(&mut tx, user).await? else {
        return Err(UserError::unauthenticated().into());
    };
    users::set_password(&mut tx, user, &hash).await?;
    roles::audit(&mut tx, user, "PASSWORD_CHANGED", None, &viewer.actor()).await?;
    sessions::revoke_all(&mut tx, customer, viewer.session, "PASSWORD").await?;
    tx.commit().await?;
    Ok(())
}

/// Says the same whether there is such an account or not.
pub async fn request_reset(app: &App, email: &str) -> Outcome<()> {
    let email = credentials::email(email, &["email"])?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some(known) = users::by_email(&mut *tx, &email)
        .await?
        .filter(|known| known.active)
    else {
        return Ok(());
    };
    let mail = mail::prepare(&mut tx, known.id, &email, Purpose::PasswordReset).await?;
    tx.commit().await?;
    mail::send(app, mail);
    Ok(())
}

/// The mailbox has answered: it is verified, the password is new, everybody is logged out, and the brake is off.
pub async fn confirm_reset(app: &App, token: &str, new: &str) -> Outcome<()> {
    credentials::password(new, &["newPassword"])?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let found = mail_tokens::consume(&mut *tx, Purpose::PasswordReset, &digest(token)).await?;
    let (user, email) = found.ok_or_else(bad_token)?;
    let (_, _, customer) = users::lock(&mut tx, user).await?.ok_or_else(bad_token)?;
    // Hashed only now: without a good secret nobody makes us work.
    let hash = app.auth.hash(new).await?;
    users::set_password(&mut tx, user, &hash).await?;
    users::verify(&mut tx, user, &email).await?;
    members::accept_invitations(&mut tx, &email).await?;
    sessions::revoke_all(&mut tx, customer, None, "PASSWORD").await?;
    sessions::forgive(&mut *tx, &session::account_key(&email)).await?;
    roles::audit(&mut tx, user, "PASSWORD_RESET", None, &user.to_string()).await?;
    tx.commit().await?;
    Ok(())
}
