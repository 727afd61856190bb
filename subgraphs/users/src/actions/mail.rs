//! Mails of the account itself: with secrets, and about what has happened.

use crate::{
    App,
    auth::Secret,
    store::mail_tokens::{self, Purpose},
};
use contracts::notifications::SendAccountMessage;
use platform::{Error, Fault, Language, Outcome, Tx, ids::UserId, telemetry};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A mail to send after the commit.
pub struct Mail {
    user: UserId,
    email: String,
    purpose: Purpose,
    token: String,
}

/// Makes a secret. `None`: the last mail of this kind has only just left.
pub async fn prepare(tx: &mut Tx, user: UserId, email: &str, purpose: Purpose) -> Outcome<Option<Mail>> {
    let secret = Secret::new()?;
    let issued = mail_tokens::issue(tx, user, purpose, email, &secret.hash).await?;
    Ok(issued.then(|| Mail {
        user,
        email: email.to_owned(),
        purpose,
        token: secret.text,
    }))
}

/// Template and page of each kind.
fn form(purpose: Purpose) -> (&'static str, &'static str) {
    match purpose {
        Purpose::Activate => ("account.activate", "activate"),
        Purpose::PasswordReset => ("account.password_reset", "reset-password"),
        Purpose::EmailChange => ("account.email_change", "change-email"),
    }
}

/// The storefront's page where a lost password is replaced.
pub const FORGOTTEN: &str = "forgot-password";

/// A secret, and the page where it is used.
pub fn secret(app: &App, page: &str, token: String) -> BTreeMap<String, String> {
    let link = app.deps.settings.storefront_link(page, Some(&token));
    BTreeMap::from([("token".to_owned(), token), ("link".to_owned(), link)])
}

/// One mail to one person.
pub struct Letter {
    /// Makes it unique.
    pub key: String,
    /// `None`: nobody has an account at this address yet.
    pub user: Option<UserId>,
    pub email: String,
    /// `None`: the language of the user.
    pub locale: Option<Language>,
    pub template: &'static str,
    pub variables: BTreeMap<String, String>,
}

/// Gives a mail to the notifications service.
pub async fn hand_over(app: &App, letter: Letter) -> Result<(), Error> {
    let locale = match (letter.locale, letter.user) {
        (Some(locale), _) => locale,
        (None, Some(user)) => mail_tokens::locale(app.deps.db.pool(), user)
            .await?
            .unwrap_or_default(),
        (None, None) => Language::default(),
    };
    let message = SendAccountMessage {
        key: letter.key,
        user: letter.user,
        email: letter.email,
        locale,
        template: letter.template.to_owned(),
        variables: letter.variables,
    };
    app.deps.commands.call(&message).await?;
    Ok(())
}

/// Goes on after the answer: how long a mail takes would tell whether there is an account. If it fails, its reader can
/// ask again.
pub fn later(work: impl Future<Output = Outcome<()>> + Send + 'static) {
    tokio::spawn(telemetry::same_request(async move {
        match work.await {
            Ok(()) => {}
            Err(Fault::User(error)) => tracing::warn!(?error, "an account mail was refused"),
            Err(Fault::Failed(error)) => {
                tracing::warn!(error = error.describe(), "an account mail was not sent");
            }
        }
    }));
}

/// Sends a mail after the commit, without making the caller wait.
pub fn send(app: &App, mail: Option<Mail>) {
    let Some(mail) = mail else { return };
    let app = app.clone();
    later(async move { Ok(send_now(&app, mail).await?) });
}

/// Sends a mail after the commit.
pub async fn send_now(app: &App, mail: Mail) -> Result<(), Error> {
    let (template, page) = form(mail.purpose);
    let letter = Letter {
        key: Uuid::now_v7().to_string(),
        user: Some(mail.user),
        email: mail.email,
        locale: None,
        template,
        variables: secret(app, page, mail.token),
    };
    hand_over(app, letter).await
}
