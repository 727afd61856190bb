//! Logins and their addresses.

use crate::{
    App,
    actions::{
        claims, mail,
        notice::{self, Happened},
    },
    auth::digest,
    domain::{credentials, vip::CustomerType},
    store::{
        customers::{self, Transition},
        mail_tokens::{self, Purpose},
        members, registrations, roles, users,
    },
};
use contracts::events::CustomerRegistered;
use platform::{
    Fault, Moment, Outcome, Tx, UserError, UserErrorCode, Viewer,
    client::Client,
    error::on_constraint,
    ids::{CustomerId, UserId},
};

/// A login and its customer, made in the caller's transaction.
pub struct NewAccount<'a> {
    pub email: &'a str,
    pub password_hash: &'a str,
    pub display_name: Option<&'a str>,
    pub locale: &'a str,
    pub marketing: bool,
    pub verified: bool,
    /// Keeps its ID.
    pub guest: Option<CustomerId>,
}

pub fn taken() -> UserError {
    UserError::refused(UserErrorCode::Conflict, "this email address cannot be used")
}

/// Makes the login and tells everybody.
pub async fn create(tx: &mut Tx, new: NewAccount<'_>) -> Outcome<(UserId, CustomerId)> {
    let customer = match new.guest {
        Some(guest) => adopt(tx, guest, &new).await?,
        None => {
            let id = CustomerId::new();
            customers::insert(tx, id, CustomerType::Registered, new.display_name, new.marketing).await?;
            id
        }
    };
    let user = UserId::new();
    let row = users::NewUser {
        id: user,
        customer,
        email: new.email,
        password_hash: new.password_hash,
        locale: new.locale,
        verified: new.verified,
    };
    if !users::insert(tx, row).await? {
        return Err(taken().into());
    }
    tx.emit(&CustomerRegistered { customer, user }).await?;
    Ok((user, customer))
}

async fn adopt(tx: &mut Tx, guest: CustomerId, new: &NewAccount<'_>) -> Outcome<CustomerId> {
    let standing = customers::lock(tx, guest)
        .await?
        .filter(|s| s.kind == CustomerType::Guest && !s.merged);
    if standing.is_none() {
        return Err(UserError::refused(UserErrorCode::Conflict, "the guest has an account already").into());
    }
    customers::register(tx, guest, new.display_name, new.marketing).await?;
    let step = Transition {
        customer: guest,
        from: CustomerType::Guest,
        to: CustomerType::Registered,
        tiers: (None, None),
        reason: "registration",
    };
    customers::record(tx, step).await?;
    Ok(guest)
}

/// A bad secret says only that.
pub fn bad_token() -> Fault {
    UserError::invalid(&["token"], "a token that is valid and was not used before").into()
}

/// Sends a secret to the new address. Whether somebody else has it, neither the answer nor its time says.
pub async fn request_email_change(
    app: &App,
    client: &Client,
    viewer: &Viewer,
    new_email: &str,
    password: &str,
) -> Outcome<()> {
    let user = viewer.require_user()?;
    let email = credentials::email(new_email, &["newEmail"])?;
    super::password::check(app, client, user, password, &["password"]).await?;
    let app = app.clone();
    mail::later(async move { send_to_new(&app, user, &email).await });
    Ok(())
}

async fn send_to_new(app: &App, user: UserId, email: &str) -> Outcome<()> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let owner = users::by_email(&mut *tx, email).await?;
    if owner.is_some_and(|known| known.id != user) {
        return Ok(());
    }
    let mail = mail::prepare(&mut tx, user, email, Purpose::EmailChange).await?;
    tx.commit().await?;
    match mail {
        Some(mail) => Ok(mail::send_now(app, mail).await?),
        None => Ok(()),
    }
}

/// The new mailbox has answered. Both hear of it: the old one might belong to somebody who did not want it.
pub async fn confirm_email_change(app: &App, token: &str) -> Outcome<UserId> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let found = mail_tokens::consume(&mut *tx, Purpose::EmailChange, &digest(token)).await?;
    let (user, email) = found.ok_or_else(bad_token)?;
    notice::write(&mut tx, user, Happened::EmailChanged).await?;
    users::set_email(&mut tx, user, &email)
        .await
        .map_err(|e| on_constraint(e, "users_email", taken))?;
    notice::write(&mut tx, user, Happened::EmailChanged).await?;
    registrations::forget(&mut *tx, &email).await?;
    mail_tokens::void(&mut tx, user).await?;
    roles::audit(&mut tx, user, "EMAIL_CHANGED", None, &user.to_string()).await?;
    members::accept_invitations(&mut tx, &email).await?;
    if let Some((_, _, customer)) = users::lock(&mut tx, user).await? {
        claims::claim(&mut tx, customer, &email).await?;
    }
    tx.commit().await?;
    Ok(user)
}
