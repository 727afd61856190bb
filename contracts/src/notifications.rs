//! What the notifications service answers.

use crate::{Done, command};
use platform::{Language, ids::UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A message of the account itself (activation, password reset), sent by email whatever the preferences say. The
/// variables may hold a secret, so they are used and not kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendAccountMessage {
    /// Makes the message unique.
    pub key: String,
    /// `None`: nobody has an account at this address yet.
    pub user: Option<UserId>,
    pub email: String,
    /// Language of the template, if there is one.
    #[serde(default)]
    pub locale: Language,
    /// Code of a template, for example `account.activate`.
    pub template: String,
    pub variables: BTreeMap<String, String>,
}
command!(SendAccountMessage, "notifications", "send_account_message", Done);
