//! Logins, keys and revocations: what operators and other services ask.

use super::{bad, grant};
use crate::{
    App,
    actions::account,
    domain::credentials,
    keys,
    store::{claims, sessions, users},
};
use contracts::{
    Done,
    users::{
        CreateUser, CreateUserReply, EnsureUserReply, KeyInfo, ListKeys, RetireKey, RotateKey,
        SetGuestContact,
    },
};
use platform::{
    Error,
    commands::Call,
    revocation::{GetRevocations, Revocation},
};

pub async fn set_guest_contact(app: &App, call: Call, command: SetGuestContact) -> Result<Done, Error> {
    let email = credentials::email(&command.email, &["email"]).map_err(|e| bad(e.into()))?;
    let mut tx = app.deps.db.begin(call.moment).await?;
    claims::insert(&mut tx, command.order, command.customer, &email).await?;
    tx.commit().await?;
    Ok(Done {})
}

/// Never changes a login that exists.
pub async fn create_user(app: &App, call: Call, command: CreateUser) -> Result<CreateUserReply, Error> {
    let email = credentials::email(&command.email, &["email"]).map_err(|e| bad(e.into()))?;
    credentials::password(&command.password, &["password"]).map_err(|e| bad(e.into()))?;
    let name = credentials::text(command.display_name, 100, &["displayName"]).map_err(|e| bad(e.into()))?;
    if users::by_email(app.deps.db.pool(), &email).await?.is_some() {
        return Ok(CreateUserReply::Exists);
    }
    let password_hash = app.auth.hash(&command.password).await?;
    let mut tx = app.deps.db.begin(call.moment).await?;
    let new = account::NewAccount {
        email: &email,
        password_hash: &password_hash,
        display_name: Some(&name),
        locale: "en",
        marketing: false,
        verified: true,
        guest: None,
    };
    let (user, customer) = match account::create(&mut tx, new).await {
        Ok(ids) => ids,
        // Somebody was faster.
        Err(platform::Fault::User(_)) => return Ok(CreateUserReply::Exists),
        Err(platform::Fault::Failed(error)) => return Err(error),
    };
    grant(&mut tx, &EnsureUserReply { user, customer }, &command.roles).await?;
    tx.commit().await?;
    Ok(CreateUserReply::Created { user })
}

pub async fn get_revocations(app: &App, _: Call, _: GetRevocations) -> Result<Vec<Revocation>, Error> {
    Ok(sessions::revocations(app.deps.db.pool()).await?)
}

pub async fn list_keys(app: &App, _: Call, _: ListKeys) -> Result<Vec<KeyInfo>, Error> {
    keys::list(app).await
}

pub async fn rotate_key(app: &App, _: Call, _: RotateKey) -> Result<KeyInfo, Error> {
    keys::rotate(app).await
}

pub async fn retire_key(app: &App, _: Call, command: RetireKey) -> Result<Option<KeyInfo>, Error> {
    keys::retire(app, &command.kid).await
}
