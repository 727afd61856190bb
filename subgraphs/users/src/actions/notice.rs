//! Mails about what has happened to an account, so that its owner notices if it was somebody else. They hold no secret.

use crate::{
    App,
    actions::mail::{self, FORGOTTEN, Letter},
    store::notices::{self, Notice},
};
use platform::{Error, Tx, ids::UserId};
use std::collections::BTreeMap;

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Changed by its owner, or set anew by mail.
    PasswordChanged,
    EmailChanged,
    /// All sessions were ended at once.
    LoginsReset,
}

impl Happened {
    const ALL: [Self; 3] = [Self::PasswordChanged, Self::EmailChanged, Self::LoginsReset];

    fn template(self) -> &'static str {
        match self {
            Self::PasswordChanged => "account.password_changed",
            Self::EmailChanged => "account.email_changed",
            Self::LoginsReset => "account.logins_reset",
        }
    }
}

/// Writes a mail to the address that the login has now; it leaves after the commit.
pub async fn write(tx: &mut Tx, user: UserId, what: Happened) -> Result<(), sqlx::Error> {
    notices::insert(tx, user, what.template()).await?;
    tx.hint("notice", user);
    Ok(())
}

/// Hands one mail over. True: there may be more.
pub async fn work(app: &App) -> Result<bool, Error> {
    let Some(notice) = notices::claim(app.deps.db.pool()).await? else {
        return Ok(false);
    };
    let (id, attempts) = (notice.id, notice.attempts);
    match send(app, notice).await {
        Ok(()) => notices::delete(app.deps.db.pool(), id).await?,
        Err(error) => {
            tracing::warn!(error = error.describe(), "a mail about an account waits");
            notices::failed(app.deps.db.pool(), id, attempts).await?;
        }
    }
    Ok(true)
}

async fn send(app: &App, notice: Notice) -> Result<(), Error> {
    let Some(what) = Happened::ALL
        .into_iter()
        .find(|what| what.template() == notice.template)
    else {
        return Ok(());
    };
    let at = notice.at.format("%Y-%m-%d at %H:%M UTC").to_string();
    let reset = app.deps.settings.storefront_link(FORGOTTEN, None);
    let letter = Letter {
        // The same key is the same mail.
        key: format!("notice:{}", notice.id),
        user: Some(notice.user),
        email: notice.email,
        locale: None,
        template: what.template(),
        variables: BTreeMap::from([("at".to_owned(), at), ("reset".to_owned(), reset)]),
    };
    mail::hand_over(app, letter).await
}
