//! The end of an account. It is confirmed by mail and closes at once; then all services erase, one after the other,
//! each in a transaction of its own, as soon as nothing is open any more. A crash at any point only repeats a step.

use crate::{
    App,
    actions::{
        account::bad_token,
        admin::keep_an_admin,
        mail::{self, Letter},
    },
    auth::{Secret, digest},
    store::{
        erasures::{self, Erasure},
        privacy::Privacy,
        roles, sessions, users,
    },
};
use contracts::privacy::{ErasePerson, ErasePersonReply, Person, SERVICES};
use platform::{Error, Moment, Outcome, Role, Tx, UserError, UserErrorCode, Viewer, ids::UserId, privacy};
use std::collections::BTreeMap;

/// Sends the mail with which the owner confirms, once a minute at most.
pub async fn request(app: &App, viewer: &Viewer) -> Outcome<()> {
    let user = viewer.require_user()?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let row = users::rows(&mut *tx, &[user], &[]).await?.into_iter().next();
    let row = row
        .filter(|row| row.active)
        .ok_or_else(UserError::unauthenticated)?;
    may_leave(&mut tx, user, row.roles().contains(&Role::Admin)).await?;
    let secret = Secret::new()?;
    let issued = erasures::issue(&mut tx, user, &secret.hash).await?;
    tx.commit().await?;
    if issued {
        send(app, user, row.email, secret.text);
    }
    Ok(())
}

/// Closes the account: no session, no login. The worker does the rest.
pub async fn confirm(app: &App, token: &str) -> Outcome<()> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let user = erasures::consume(&mut *tx, &digest(token))
        .await?
        .ok_or_else(bad_token)?;
    let row = users::rows(&mut *tx, &[user], &[])
        .await?
        .into_iter()
        .next()
        .ok_or_else(bad_token)?;
    may_leave(&mut tx, user, row.roles().contains(&Role::Admin)).await?;
    let (_, _, customer) = users::lock(&mut tx, user).await?.ok_or_else(bad_token)?;
    users::set_active(&mut tx, user, false).await?;
    sessions::revoke_all(&mut tx, customer, None, "ERASED").await?;
    roles::audit(&mut tx, user, "DELETION_CONFIRMED", None, &user.to_string()).await?;
    erasures::begin(&mut tx, user).await?;
    tx.hint("erasure", user);
    tx.commit().await?;
    Ok(())
}

/// There is always an admin, and an open vendor always has an owner.
async fn may_leave(tx: &mut Tx, user: UserId, admin: bool) -> Outcome<()> {
    if admin {
        keep_an_admin(tx, user).await?;
    }
    let orphans = erasures::orphans(tx, user).await?;
    if orphans.is_empty() {
        return Ok(());
    }
    let message = format!(
        "close these vendors or make somebody else their owner first: {}",
        orphans.join(", ")
    );
    Err(UserError::refused(UserErrorCode::Conflict, message).into())
}

/// Like all mails with secrets: if it is lost, its reader asks again.
fn send(app: &App, user: UserId, email: String, token: String) {
    let letter = Letter {
        key: uuid::Uuid::now_v7().to_string(),
        user: Some(user),
        email,
        locale: None,
        template: "account.deletion",
        variables: mail::secret(app, "delete-account", token),
    };
    let app = app.clone();
    mail::later(async move { Ok(mail::hand_over(&app, letter).await?) });
}

/// Takes one erasure that is due as far as it goes. True: there may be more.
pub async fn work(app: &App) -> Result<bool, Error> {
    let Some(erasure) = erasures::claim(app.deps.db.pool()).await? else {
        return Ok(false);
    };
    if let Err(error) = advance(app, &erasure).await {
        let cause = error.describe();
        tracing::warn!(user = %erasure.user, cause, "an erasure will go on later");
        erasures::failed(app.deps.db.pool(), erasure.user, erasure.attempts, &cause).await?;
    }
    Ok(true)
}

async fn advance(app: &App, erasure: &Erasure) -> Result<(), Error> {
    let pool = app.deps.db.pool();
    let person = match &erasure.person {
        Some(person) => person.clone(),
        None => erasures::person(pool, erasure.user).await?,
    };
    let others = SERVICES.iter().copied().filter(|service| *service != crate::NAME);
    for service in others.filter(|service| !erasure.erased.iter().any(|done| done == service)) {
        let ask = ErasePerson {
            person: person.clone(),
        };
        match app.deps.commands.call_on(service, &ask).await? {
            ErasePersonReply::Erased => erasures::erased(pool, erasure.user, service).await?,
            ErasePersonReply::Waits { reason } => {
                tracing::info!(user = %erasure.user, service, reason, "an erasure waits");
                return Ok(erasures::wait(pool, erasure.user, &reason).await?);
            }
        }
    }
    if erasure.round == 1 {
        farewell(app, erasure).await?;
    }
    finish(app, erasure.user, &person).await
}

/// Tells the owner while the address is still known; the same key is the same mail.
async fn farewell(app: &App, erasure: &Erasure) -> Result<(), Error> {
    let letter = Letter {
        key: format!("deleted:{}", erasure.user),
        user: Some(erasure.user),
        email: erasure.email.clone(),
        locale: None,
        template: "account.deleted",
        variables: BTreeMap::new(),
    };
    mail::hand_over(app, letter).await
}

/// This service last, and with it the end of the round.
async fn finish(app: &App, user: UserId, person: &Person) -> Result<(), Error> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    privacy::erase_in::<Privacy>(&mut tx, person).await?;
    erasures::next_round(&mut tx, user, person).await?;
    tx.commit().await?;
    Ok(())
}
