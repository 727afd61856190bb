//! Change and loss of a password.

use crate::{
    App,
    actions::{
        account::bad_token,
        brake::{self, Try},
        claims, mail,
        notice::{self, Happened},
    },
    auth::digest,
    domain::credentials,
    store::{
        mail_tokens::{self, Purpose},
        members, roles, sessions, throttle, users,
    },
};
use platform::{Moment, Outcome, UserError, Viewer, client::Client, ids::UserId};

/// Checks the password of somebody who is logged in, under the same brake as a login.
pub async fn check(app: &App, client: &Client, user: UserId, password: &str, path: &[&str]) -> Outcome<()> {
    let wrong = || UserError::invalid(path, "the current password");
    let known = users::password_hash(app.deps.db.pool(), user).await?;
    let Some((email, hash)) = known else {
        return Err(UserError::unauthenticated().into());
    };
    if !credentials::plausible(password) {
        return Err(wrong().into());
    }
    let attempt = Try::password(&email, client);
    attempt.charge(app).await?;
    if !app.auth.verify(password, Some(&hash)).await? {
        return Err(wrong().into());
    }
    attempt.succeeded(app).await
}

/// A new password ends all other sessions.
pub async fn change(app: &App, client: &Client, viewer: &Viewer, current: &str, new: &str) -> Outcome<()> {
    let user = viewer.require_user()?;
    credentials::password(new, &["newPassword"])?;
    check(app, client, user, current, &["current"]).await?;
    let hash = app.auth.hash(new).await?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some((_, true, customer)) = users::lock(&mut tx, user).await? else {
        return Err(UserError::unauthenticated().into());
    };
    users::set_password(&mut tx, user, &hash).await?;
    mail_tokens::void(&mut tx, user).await?;
    roles::audit(&mut tx, user, "PASSWORD_CHANGED", None, &viewer.actor()).await?;
    sessions::revoke_all(&mut tx, customer, viewer.session, "PASSWORD").await?;
    notice::write(&mut tx, user, Happened::PasswordChanged).await?;
    tx.commit().await?;
    Ok(())
}

/// Says the same, after the same work, whether there is such an account or not.
pub async fn request_reset(app: &App, client: &Client, email: &str) -> Outcome<()> {
    let email = credentials::email(email, &["email"])?;
    Try::mail(&email, client).charge(app).await?;
    let app = app.clone();
    mail::later(async move { send_reset(&app, &email).await });
    Ok(())
}

async fn send_reset(app: &App, email: &str) -> Outcome<()> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let known = users::by_email(&mut *tx, email).await?;
    let Some(known) = known.filter(|known| known.active) else {
        return Ok(());
    };
    let mail = mail::prepare(&mut tx, known.id, &known.email, Purpose::PasswordReset).await?;
    tx.commit().await?;
    match mail {
        Some(mail) => Ok(mail::send_now(app, mail).await?),
        None => Ok(()),
    }
}

/// The mailbox has answered: it is verified, the password is new, everybody is logged out, and the brake is off.
pub async fn confirm_reset(app: &App, token: &str, new: &str) -> Outcome<()> {
    credentials::password(new, &["newPassword"])?;
    let secret = digest(token);
    // Only a good secret makes us hash, and nobody waits for that inside a transaction.
    if !mail_tokens::usable(app.deps.db.pool(), Purpose::PasswordReset, &secret).await? {
        return Err(bad_token());
    }
    let hash = app.auth.hash(new).await?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let found = mail_tokens::consume(&mut *tx, Purpose::PasswordReset, &secret).await?;
    let (user, email) = found.ok_or_else(bad_token)?;
    let (_, _, customer) = users::lock(&mut tx, user).await?.ok_or_else(bad_token)?;
    users::set_password(&mut tx, user, &hash).await?;
    mail_tokens::void(&mut tx, user).await?;
    users::verify(&mut tx, user, &email).await?;
    members::accept_invitations(&mut tx, &email).await?;
    claims::claim(&mut tx, customer, &email).await?;
    sessions::revoke_all(&mut tx, customer, None, "PASSWORD").await?;
    throttle::forgive(&mut *tx, &brake::account_key(&email)).await?;
    roles::audit(&mut tx, user, "PASSWORD_RESET", None, &user.to_string()).await?;
    notice::write(&mut tx, user, Happened::PasswordChanged).await?;
    tx.commit().await?;
    Ok(())
}
