//! From newcomer to account.
//!
//! By default a registration only waits: its answer, and the work until then, are the same whether the address has an
//! account or not, because nobody looks. The mailbox is told which it is, and the secret in its mail makes the account.

use crate::{
    App,
    actions::{
        account::{NewAccount, bad_token, create},
        brake::Try,
        claims,
        mail::{self, FORGOTTEN, Letter},
        session::{self, SignedIn},
    },
    auth::{Secret, digest},
    domain::{credentials, vip::CustomerType},
    keys,
    store::{
        customers,
        mail_tokens::{self, Purpose},
        members, registrations,
        registrations::Pending,
        sessions, users,
    },
};
use platform::{Fault, Language, Moment, Outcome, Tx, client::Client, ids::CustomerId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a newcomer says.
pub struct Registration {
    pub email: String,
    pub password: String,
    pub display_name: Option<String>,
    pub locale: Language,
    pub guest_token: Option<String>,
    pub marketing: bool,
}

/// `None`: look into the mailbox.
pub async fn register(app: &App, client: &Client, input: Registration) -> Outcome<Option<SignedIn>> {
    let email = credentials::email(&input.email, &["input", "email"])?;
    credentials::password(&input.password, &["input", "password"])?;
    let name = credentials::optional(input.display_name, 100, &["input", "displayName"])?;
    keys::ready(app).await?;
    let guest = session::guest_of(app, input.guest_token.as_deref(), &["input", "guestToken"]).await?;
    Try::registration(&email, client).charge(app).await?;
    let new = Pending {
        email,
        password_hash: Some(app.auth.hash(&input.password).await?),
        display_name: name,
        locale: input.locale,
        marketing: input.marketing,
        guest,
    };
    match app.verify_email_first {
        true => wait(app, new).await.map(|()| None),
        false => at_once(app, client, new).await.map(Some),
    }
}

/// The guest becomes the account when the mailbox has answered: until then nothing about it may change, which would
/// tell that the address was free.
async fn wait(app: &App, new: Pending) -> Outcome<()> {
    let secret = Secret::new()?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    registrations::insert(&mut tx, &secret.hash, &new).await?;
    tx.commit().await?;
    let app = app.clone();
    mail::later(async move { tell(&app, new.email, new.locale, secret).await });
    Ok(())
}

/// Tells the mailbox what its address is good for.
async fn tell(app: &App, email: String, locale: Language, secret: Secret) -> Outcome<()> {
    let Some(known) = users::by_email(app.deps.db.pool(), &email).await? else {
        return invite(app, email, locale, secret).await;
    };
    registrations::drop(app.deps.db.pool(), &secret.hash).await?;
    let link = |page| app.deps.settings.storefront_link(page, None);
    let letter = Letter {
        key: Uuid::now_v7().to_string(),
        user: Some(known.id),
        email: known.email,
        locale: None,
        template: "account.exists",
        variables: BTreeMap::from([
            ("login".to_owned(), link("login")),
            ("reset".to_owned(), link(FORGOTTEN)),
        ]),
    };
    Ok(mail::hand_over(app, letter).await?)
}

async fn invite(app: &App, email: String, locale: Language, secret: Secret) -> Outcome<()> {
    let letter = Letter {
        key: Uuid::now_v7().to_string(),
        user: None,
        email,
        locale: Some(locale),
        template: "account.activate",
        variables: mail::secret(app, "activate", secret.text),
    };
    Ok(mail::hand_over(app, letter).await?)
}

/// Logs in before the mailbox has answered; so it must say that an address is taken.
async fn at_once(app: &App, client: &Client, new: Pending) -> Outcome<SignedIn> {
    let hash = new.password_hash.as_deref().unwrap_or_default();
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let (user, customer) = create(&mut tx, account(&new, hash, new.guest, false)).await?;
    sessions::revoke_all(&mut tx, customer, None, "REGISTERED").await?;
    users::logged_in(&mut tx, user).await?;
    let tokens = session::open(app, &mut tx, client, Some(user), customer).await?;
    let mail = mail::prepare(&mut tx, user, &new.email, Purpose::Activate).await?;
    tx.commit().await?;
    mail::send(app, mail);
    Ok(SignedIn::new(Some(user), customer, Some(tokens)))
}

fn account<'a>(new: &'a Pending, hash: &'a str, guest: Option<CustomerId>, verified: bool) -> NewAccount<'a> {
    NewAccount {
        email: &new.email,
        password_hash: hash,
        display_name: new.display_name.as_deref(),
        locale: new.locale.as_str(),
        marketing: new.marketing,
        verified,
        guest,
    }
}

/// The mailbox has answered: there is an account, and its owner is logged in.
pub async fn activate(app: &App, client: &Client, token: &str) -> Outcome<SignedIn> {
    keys::ready(app).await?;
    let hash = digest(token);
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some(new) = registrations::take(&mut tx, &hash).await? else {
        return verify(app, client, tx, &hash).await;
    };
    let guest = still_a_guest(&mut tx, new.guest).await?;
    let password_hash = new.password_hash.as_deref().unwrap_or(app.auth.nobodys());
    // Somebody else's registration of this address may have been answered meanwhile.
    let made = create(&mut tx, account(&new, password_hash, guest, true)).await;
    let (user, customer) = match made {
        Err(Fault::User(_)) => return Err(bad_token()),
        made => made?,
    };
    registrations::forget(&mut *tx, &new.email).await?;
    sessions::revoke_all(&mut tx, customer, None, "REGISTERED").await?;
    users::logged_in(&mut tx, user).await?;
    members::accept_invitations(&mut tx, &new.email).await?;
    claims::claim(&mut tx, customer, &new.email).await?;
    let tokens = session::open(app, &mut tx, client, Some(user), customer).await?;
    let choose = match new.password_hash {
        Some(_) => None,
        None => mail::prepare(&mut tx, user, &new.email, Purpose::PasswordReset).await?,
    };
    tx.commit().await?;
    mail::send(app, choose);
    Try::registration(&new.email, client).succeeded(app).await?;
    Ok(SignedIn::new(Some(user), customer, Some(tokens)))
}

/// The guest, unless it has become an account or part of one since the registration; then the account begins anew.
async fn still_a_guest(tx: &mut Tx, guest: Option<CustomerId>) -> Outcome<Option<CustomerId>> {
    let Some(guest) = guest else { return Ok(None) };
    let standing = customers::lock(tx, guest).await?;
    let free = standing.is_some_and(|s| s.kind == CustomerType::Guest && !s.merged);
    Ok(free.then_some(guest))
}

/// The mailbox of an account that was there before its mailbox answered.
async fn verify(app: &App, client: &Client, mut tx: Tx, hash: &[u8]) -> Outcome<SignedIn> {
    let found = mail_tokens::consume(&mut *tx, Purpose::Activate, hash).await?;
    let (user, email) = found.ok_or_else(bad_token)?;
    users::verify(&mut tx, user, &email).await?;
    members::accept_invitations(&mut tx, &email).await?;
    let (_, _, customer) = users::lock(&mut tx, user).await?.ok_or_else(bad_token)?;
    claims::claim(&mut tx, customer, &email).await?;
    users::logged_in(&mut tx, user).await?;
    let tokens = session::open(app, &mut tx, client, Some(user), customer).await?;
    tx.commit().await?;
    Ok(SignedIn::new(Some(user), customer, Some(tokens)))
}

/// Says the same, after the same work, whether somebody waits for the mail or not.
pub async fn resend(app: &App, client: &Client, email: &str) -> Outcome<()> {
    let email = credentials::email(email, &["email"])?;
    Try::mail(&email, client).charge(app).await?;
    let app = app.clone();
    mail::later(async move { send_again(&app, &email).await });
    Ok(())
}

async fn send_again(app: &App, email: &str) -> Outcome<()> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some(known) = users::by_email(&mut *tx, email).await? else {
        let secret = Secret::new()?;
        let renewed = registrations::renew(&mut tx, &secret.hash, email).await?;
        tx.commit().await?;
        return match renewed {
            Some((email, locale)) => invite(app, email, locale, secret).await,
            None => Ok(()),
        };
    };
    if !known.active || known.verified {
        return Ok(());
    }
    let mail = mail::prepare(&mut tx, known.id, &known.email, Purpose::Activate).await?;
    tx.commit().await?;
    match mail {
        Some(mail) => Ok(mail::send_now(app, mail).await?),
        None => Ok(()),
    }
}
