//! Sessions: as a guest, by login, by refresh token.

use crate::{
    App,
    actions::{
        brake::Try,
        claims, loyalty,
        notice::{self, Happened},
    },
    auth::{Secret, digest},
    domain::{credentials, vip::CustomerType},
    keys,
    store::{
        aliases, customers,
        sessions::{self, Place},
        users,
    },
};
use chrono::{DateTime, Utc};
use contracts::{
    events::CustomersMerged,
    orders::{MergeCarts, MergeStrategy},
};
use platform::{
    Fault, Moment, Outcome, Tx, UserError, UserErrorCode, Viewer,
    client::Client,
    error::parse_id,
    ids::{CustomerId, SessionId, UserId},
};

/// What a client keeps.
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub expires_at: DateTime<Utc>,
}

/// Somebody who is logged in now, or could be.
pub struct SignedIn {
    pub user: Option<UserId>,
    pub customer: CustomerId,
    pub tokens: Option<Tokens>,
    pub merged_cart: Option<bool>,
}

impl SignedIn {
    pub fn new(user: Option<UserId>, customer: CustomerId, tokens: Option<Tokens>) -> Self {
        Self {
            user,
            customer,
            tokens,
            merged_cart: None,
        }
    }
}

pub fn refused() -> UserError {
    UserError::refused(
        UserErrorCode::Unauthenticated,
        "the email or the password is wrong",
    )
}

/// Begins a session.
pub async fn open(
    app: &App,
    tx: &mut Tx,
    client: &Client,
    user: Option<UserId>,
    customer: CustomerId,
) -> Outcome<Tokens> {
    let id = SessionId::new();
    sessions::insert(tx, id, user, customer, Place::of(client)).await?;
    tokens(app, tx, id).await
}

/// New tokens for a session, for whoever it speaks for now.
async fn tokens(app: &App, tx: &mut Tx, session: SessionId) -> Outcome<Tokens> {
    let secret = Secret::new()?;
    sessions::insert_token(tx, session, &secret.hash).await?;
    let viewer = sessions::viewer(tx, session).await?;
    let (access, ends) = app.auth.access_token(&viewer)?;
    let expires_at = i64::try_from(ends)
        .ok()
        .and_then(|at| DateTime::from_timestamp(at, 0))
        .unwrap_or_default();
    Ok(Tokens {
        access,
        refresh: secret.text,
        expires_at,
    })
}

/// A customer without an account.
pub async fn guest(app: &App, client: &Client) -> Outcome<SignedIn> {
    keys::ready(app).await?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let customer = CustomerId::new();
    customers::insert(&mut tx, customer, CustomerType::Guest, None, false).await?;
    let tokens = open(app, &mut tx, client, None, customer).await?;
    tx.commit().await?;
    Ok(SignedIn::new(None, customer, Some(tokens)))
}

/// The guest that a token names; a bad token is an error, not "no guest".
pub async fn guest_of(app: &App, token: Option<&str>, path: &[&str]) -> Outcome<Option<CustomerId>> {
    let Some(token) = token else { return Ok(None) };
    let viewer = app
        .auth
        .viewer(token)
        .await
        .filter(|viewer| viewer.user.is_none());
    match viewer.and_then(|viewer| viewer.customer) {
        Some(guest) => Ok(Some(guest)),
        None => Err(UserError::invalid(path, "a valid access token of a guest").into()),
    }
}

/// A login by password.
pub async fn login(
    app: &App,
    client: &Client,
    email: &str,
    password: &str,
    guest_token: Option<&str>,
    strategy: MergeStrategy,
) -> Outcome<SignedIn> {
    keys::ready(app).await?;
    let guest = guest_of(app, guest_token, &["guestToken"]).await?;
    if !credentials::plausible(password) || email.len() > 1000 {
        return Err(refused().into());
    }
    let email = &platform::text::email(email);
    let attempt = Try::password(email, client);
    attempt.charge(app).await?;
    let known = users::by_email(app.deps.db.pool(), email).await?;
    let right = app
        .auth
        .verify(password, known.as_ref().map(|known| known.password_hash.as_str()))
        .await?;
    let may = |known: &users::Credentials| known.active && (known.verified || !app.verify_email_first);
    let Some(known) = known.filter(|known| right && may(known)) else {
        return Err(refused().into());
    };
    let rehashed = app.auth.rehash(password, &known.password_hash).await?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    // Locked, so that a suspension or a new password at the same moment is seen or sees this session.
    let still = users::lock(&mut tx, known.id)
        .await?
        .is_some_and(|(_, active, _)| active);
    let unchanged = users::password_hash(&mut *tx, known.id)
        .await?
        .is_some_and(|(_, h)| h == known.password_hash);
    if !still || !unchanged {
        return Err(refused().into());
    }
    if let Some(hash) = rehashed {
        users::rehash(&mut tx, known.id, &known.password_hash, &hash).await?;
    }
    users::logged_in(&mut tx, known.id).await?;
    let merges = match guest {
        Some(guest) => merge(&mut tx, guest, known.customer_id, strategy).await?,
        None => false,
    };
    if known.verified {
        claims::claim(&mut tx, known.customer_id, email).await?;
    }
    let tokens = open(app, &mut tx, client, Some(known.id), known.customer_id).await?;
    tx.commit().await?;
    attempt.succeeded(app).await?;
    let mut done = SignedIn::new(Some(known.id), known.customer_id, Some(tokens));
    if let Some(guest) = guest.filter(|_| merges) {
        done.merged_cart = merge_carts(app, guest, known.customer_id, strategy).await;
    }
    Ok(done)
}

/// The guest becomes part of the account, its own sessions end, and all services hear of it.
async fn merge(
    tx: &mut Tx,
    guest: CustomerId,
    customer: CustomerId,
    strategy: MergeStrategy,
) -> Outcome<bool> {
    let merged = aliases::merge(tx, guest, customer).await?;
    if merged {
        sessions::revoke_all(tx, guest, None, "MERGED").await?;
        claims::of_guest(tx, guest, customer).await?;
        tx.emit(&CustomersMerged {
            guest,
            customer,
            strategy,
        })
        .await?;
        loyalty::merge(tx, guest, customer).await?;
    }
    Ok(merged)
}

/// Merges the carts while the caller waits. If the orders service does not answer now, the event does the same later.
async fn merge_carts(
    app: &App,
    guest: CustomerId,
    customer: CustomerId,
    strategy: MergeStrategy,
) -> Option<bool> {
    match app
        .deps
        .commands
        .call(&MergeCarts {
            guest,
            customer,
            strategy,
        })
        .await
    {
        Ok(reply) => Some(reply.merged),
        Err(error) => {
            tracing::warn!(%error, %guest, %customer, "the carts were not merged");
            None
        }
    }
}

/// New tokens for old ones. A refresh token is good once; one that comes again after ten seconds ends the session.
pub async fn refresh(app: &App, client: &Client, refresh_token: &str) -> Outcome<SignedIn> {
    keys::ready(app).await?;
    let hash = digest(refresh_token);
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let Some(session) = sessions::spend(&mut tx, &hash).await? else {
        if let Some(session) = sessions::revoke_reused(&mut tx, &hash).await? {
            tracing::warn!(%session, "a used refresh token came again; the session has ended");
        }
        tx.commit().await?;
        let message = "the refresh token is not valid";
        return Err(UserError::refused(UserErrorCode::Unauthenticated, message).into());
    };
    sessions::seen(&mut tx, session, Place::of(client)).await?;
    let viewer = sessions::viewer(&mut tx, session).await?;
    let tokens = tokens(app, &mut tx, session).await?;
    tx.commit().await?;
    let customer = viewer.customer.ok_or_else(UserError::unauthenticated)?;
    Ok(SignedIn::new(viewer.user, customer, Some(tokens)))
}

/// Whether an access token is good and its session has not ended.
pub async fn verify(app: &App, token: &str) -> Result<bool, platform::Error> {
    match app.auth.viewer(token).await.and_then(|viewer| viewer.session) {
        Some(session) => Ok(sessions::alive(app.deps.db.pool(), session).await?),
        None => Ok(false),
    }
}

/// Ends the session of this request.
pub async fn logout(app: &App, viewer: &Viewer) -> Outcome<()> {
    let customer = viewer.require_customer()?;
    let session = viewer.session.ok_or_else(UserError::unauthenticated)?;
    sessions::revoke(app.deps.db.pool(), session, customer).await?;
    Ok(())
}

/// Ends one of the caller's sessions.
pub async fn revoke(app: &App, viewer: &Viewer, id: &async_graphql::ID) -> Outcome<()> {
    let customer = viewer.require_customer()?;
    let session = parse_id::<SessionId>(id)?;
    match sessions::revoke(app.deps.db.pool(), session, customer).await? {
        true => Ok(()),
        false => Err(Fault::User(UserError::not_found(session))),
    }
}

/// Ends all of the caller's sessions, this one too.
pub async fn revoke_all(app: &App, viewer: &Viewer) -> Outcome<()> {
    let customer = viewer.require_customer()?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    sessions::revoke_all(&mut tx, customer, None, "LOGOUT_ALL").await?;
    if let Some(user) = viewer.user {
        notice::write(&mut tx, user, Happened::LoginsReset).await?;
    }
    tx.commit().await?;
    Ok(())
}
