//! From newcomer to verified account.

use crate::{
    App,
    actions::{
        brake::Try,
        claims, mail,
        session::{self, SignedIn},
    },
    auth::digest,
    domain::{credentials, vip::CustomerType},
    keys,
    store::{
        customers::{self, Transition},
        mail_tokens::{self, Purpose},
        members, roles, sessions, users,
    },
};
use contracts::events::CustomerRegistered;
use platform::{
    Fault, Language, Moment, Outcome, Tx, UserError, UserErrorCode, Viewer,
    client::Client,
    error::on_constraint,
    ids::{CustomerId, UserId},
};

/// What a newcomer says.
pub struct Registration {
    pub email: String,
    pub password: String,
    pub display_name: Option<String>,
    pub locale: Language,
    pub guest_token: Option<String>,
    pub marketing: bool,
}

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

fn taken() -> UserError {
    UserError::refused(UserErrorCode::Conflict, "this email address cannot be used")
}

/// A guest keeps its customer ID; everybody else gets a new one. `None`: look into the mailbox.
pub async fn register(app: &App, client: &Client, input: Registration) -> Outcome<Option<SignedIn>> {
    let email = credentials::email(&input.email, &["input", "email"])?;
    credentials::password(&input.password, &["input", "password"])?;
    let name = credentials::optional(input.display_name, 100, &["input", "displayName"])?;
    keys::ready(app).await?;
    let guest = session::guest_of(app, input.guest_token.as_deref(), &["input", "guestToken"]).await?;
    let password_hash = app.auth.hash(&input.password).await?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let account = NewAccount {
        email: &email,
        password_hash: &password_hash,
        display_name: name.as_deref(),
        locale: input.locale.as_str(),
        marketing: input.marketing,
        verified: false,
        guest,
    };
    if app.verify_email_first {
        return quietly(app, tx, account).await;
    }
    let (user, customer) = create(&mut tx, account).await?;
    sessions::revoke_all(&mut tx, customer, None, "REGISTERED").await?;
    users::logged_in(&mut tx, user).await?;
    let tokens = session::open(app, &mut tx, client, Some(user), customer).await?;
    let mail = mail::prepare(&mut tx, user, &email, Purpose::Activate).await?;
    tx.commit().await?;
    mail::send(app, mail);
    Ok(Some(SignedIn::new(Some(user), customer, Some(tokens))))
}

/// Whether the address was free, only its mailbox is told. So the guest cannot become the account yet: it comes along
/// at the first login.
async fn quietly(app: &App, mut tx: Tx, account: NewAccount<'_>) -> Outcome<Option<SignedIn>> {
    let email = account.email;
    let account = NewAccount {
        guest: None,
        ..account
    };
    let (user, _) = match create(&mut tx, account).await {
        Ok(ids) => ids,
        Err(Fault::User(_)) => return Ok(None),
        Err(failed) => return Err(failed),
    };
    let mail = mail::prepare(&mut tx, user, email, Purpose::Activate).await?;
    tx.commit().await?;
    mail::send(app, mail);
    Ok(None)
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

/// The mailbox has answered.
pub async fn activate(app: &App, token: &str) -> Outcome<SignedIn> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let found = mail_tokens::consume(&mut *tx, Purpose::Activate, &digest(token)).await?;
    let (user, email) = found.ok_or_else(bad_token)?;
    users::verify(&mut tx, user, &email).await?;
    members::accept_invitations(&mut tx, &email).await?;
    let (_, _, customer) = users::lock(&mut tx, user).await?.ok_or_else(bad_token)?;
    claims::claim(&mut tx, customer, &email).await?;
    tx.commit().await?;
    Ok(SignedIn::new(Some(user), customer, None))
}

/// Says the same whether there is such an account or not.
pub async fn resend_activation(app: &App, client: &Client, email: &str) -> Outcome<()> {
    let email = credentials::email(email, &["email"])?;
    Try::mail(&email, client).charge(app).await?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some(known) = users::by_email(&mut *tx, &email)
        .await?
        .filter(|known| known.active)
    else {
        return Ok(());
    };
    let rows = users::rows(&mut *tx, &[known.id], &[]).await?;
    let Some(row) = rows.into_iter().find(|row| !row.email_verified) else {
        return Ok(());
    };
    let mail = mail::prepare(&mut tx, row.id, &row.email, Purpose::Activate).await?;
    tx.commit().await?;
    mail::send(app, mail);
    Ok(())
}

/// Sends a secret to the new address. Whether somebody else has it, the answer does not say.
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
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    if users::by_email(&mut *tx, &email)
        .await?
        .is_some_and(|known| known.id != user)
    {
        return Ok(());
    }
    let mail = mail::prepare(&mut tx, user, &email, Purpose::EmailChange).await?;
    tx.commit().await?;
    mail::send(app, mail);
    Ok(())
}

/// The new mailbox has answered.
pub async fn confirm_email_change(app: &App, token: &str) -> Outcome<UserId> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let found = mail_tokens::consume(&mut *tx, Purpose::EmailChange, &digest(token)).await?;
    let (user, email) = found.ok_or_else(bad_token)?;
    users::set_email(&mut tx, user, &email)
        .await
        .map_err(|e| on_constraint(e, "users_email", taken))?;
    mail_tokens::void(&mut tx, user).await?;
    roles::audit(&mut tx, user, "EMAIL_CHANGED", None, &user.to_string()).await?;
    members::accept_invitations(&mut tx, &email).await?;
    if let Some((_, _, customer)) = users::lock(&mut tx, user).await? {
        claims::claim(&mut tx, customer, &email).await?;
    }
    tx.commit().await?;
    Ok(user)
}
