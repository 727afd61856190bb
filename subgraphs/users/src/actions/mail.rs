//! Mails with secrets: activation, password reset, change of address.

use crate::{
    App,
    auth::Secret,
    store::mail_tokens::{self, Purpose},
};
use contracts::notifications::SendAccountMessage;
use platform::{Outcome, Tx, ids::UserId, telemetry};
use std::collections::BTreeMap;

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

/// Hands the mail over without making the caller wait: how long that takes would tell whether there is an account.
/// If it fails, its reader can ask again.
pub fn send(app: &App, mail: Option<Mail>) {
    let Some(mail) = mail else { return };
    let (template, page) = form(mail.purpose);
    let link = format!("{}/{page}?token={}", app.deps.settings.public_url, mail.token);
    let message = SendAccountMessage {
        key: uuid::Uuid::now_v7().to_string(),
        user: mail.user,
        email: mail.email,
        template: template.to_owned(),
        variables: BTreeMap::from([("token".to_owned(), mail.token), ("link".to_owned(), link)]),
    };
    let commands = app.deps.commands.clone();
    tokio::spawn(telemetry::same_request(async move {
        if let Err(error) = commands.call(&message).await {
            tracing::warn!(%error, user = %message.user, template, "an account mail was not sent");
        }
    }));
}
