//! The brake on guessing: tries are counted for each account and each address, known or not, before anything is hashed
//! or sent.

use crate::{
    App,
    auth::digest,
    domain::throttle::{ACCOUNT, ADDRESS, Rule},
    store::throttle,
};
use platform::{Moment, Outcome, UserError, UserErrorCode, client::Client};

/// One try, by the counters it is charged to.
pub struct Try {
    account: Vec<u8>,
    address: Option<Vec<u8>>,
}

/// Under which name tries of a password are counted, for known and unknown emails alike.
pub fn account_key(email: &str) -> Vec<u8> {
    digest(&email.trim().to_lowercase())
}

fn mail_key(email: &str) -> Vec<u8> {
    digest(&format!("mail:{}", email.to_lowercase()))
}

impl Try {
    /// Of a password.
    pub fn password(email: &str, client: &Client) -> Self {
        Self::new(account_key(email), "password", client)
    }

    /// Of a mail that can be asked for without being known.
    pub fn mail(email: &str, client: &Client) -> Self {
        Self::new(mail_key(email), "mail", client)
    }

    /// Of a registration, which sends one, too.
    pub fn registration(email: &str, client: &Client) -> Self {
        Self::new(mail_key(email), "registration", client)
    }

    /// Of an invitation, which sends one to somebody else.
    pub fn invitation(email: &str, client: &Client) -> Self {
        Self::new(mail_key(email), "invitation", client)
    }

    fn new(account: Vec<u8>, what: &str, client: &Client) -> Self {
        let address = client
            .network()
            .map(|network| digest(&format!("{what} from {network}")));
        Self { account, address }
    }

    fn rule(&self, key: &[u8]) -> Rule {
        if key == self.account { ACCOUNT } else { ADDRESS }
    }

    /// Counts the try before it is made, so that a hundred at once are still a hundred, or says how long to wait.
    pub async fn charge(&self, app: &App) -> Outcome<()> {
        let keys: Vec<_> = [Some(&self.account), self.address.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let mut tx = app.deps.db.begin(Moment::LIVE).await?;
        let counts = throttle::lock(&mut tx, &keys).await?;
        let wait = counts
            .iter()
            .map(|c| self.rule(&c.key).wait(c.tries, c.rested))
            .max();
        if let Some(seconds) = wait.filter(|seconds| *seconds > 0) {
            let message = format!("too many attempts; retry in {seconds} seconds");
            return Err(UserError::refused(UserErrorCode::RateLimited, message).into());
        }
        let tries = |c: &throttle::Count| self.rule(&c.key).remembered(c.tries, c.rested) + 1;
        let (keys, tries): (Vec<_>, Vec<_>) = counts.iter().map(|c| (c.key.clone(), tries(c))).unzip();
        throttle::set(&mut tx, &keys, &tries).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The account is free again. The address gets only this try back: one good login must not pay for a thousand
    /// guesses.
    pub async fn succeeded(&self, app: &App) -> Outcome<()> {
        throttle::forgive(app.deps.db.pool(), &self.account).await?;
        if let Some(address) = &self.address {
            throttle::take_back(app.deps.db.pool(), address).await?;
        }
        Ok(())
    }
}
