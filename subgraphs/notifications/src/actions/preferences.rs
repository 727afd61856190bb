//! Switching kinds of messages off and on.

use crate::{
    domain::{
        preference::locked,
        token,
        types::{Channel, NotificationCategory},
    },
    store::preferences,
};
use platform::{Moment, Outcome, UserError, UserErrorCode, Viewer, ids::UserId, service::Deps};

/// Returns whose preferences they are.
pub async fn set(
    deps: &Deps,
    viewer: &Viewer,
    category: NotificationCategory,
    channel: Channel,
    enabled: bool,
) -> Outcome<UserId> {
    let user = viewer.require_user()?;
    if locked(category) && !enabled {
        let message = "messages of this category cannot be switched off";
        return Err(UserError::refused(UserErrorCode::Conflict, message).into());
    }
    store(deps, user, category, channel, enabled).await
}

/// Stops mails of one category for whoever the token was sent to.
pub async fn unsubscribe(deps: &Deps, token: &str) -> Outcome<UserId> {
    let key = preferences::unsubscribe_key(deps.db.pool()).await?;
    let (user, category) = token::verify(&key, token.trim())
        .filter(|(_, category)| !locked(*category))
        .ok_or_else(|| UserError::invalid(&["token"], "a token of one of our mails"))?;
    store(deps, user, category, Channel::Email, false).await
}

async fn store(
    deps: &Deps,
    user: UserId,
    category: NotificationCategory,
    channel: Channel,
    enabled: bool,
) -> Outcome<UserId> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    preferences::set(&mut tx, user, category, channel, enabled).await?;
    tx.commit().await?;
    Ok(user)
}
