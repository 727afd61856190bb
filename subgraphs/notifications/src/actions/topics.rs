//! Subscribing to topics, and telling subscribers the news.

use super::crowd;
use crate::{
    domain::{
        topic::{MAX_SUBSCRIPTIONS, Row, Topic},
        types::Channel,
    },
    store::{
        mailboxes::{self, Recipient},
        topics,
    },
};
use contracts::products::GetVariants;
use platform::{
    Currency, Error, Moment, Outcome, UserError, UserErrorCode, Viewer,
    ids::{TopicSubscriptionId, UserId, VariantId},
    service::Deps,
};

/// Subscriptions told in one transaction.
const CHUNK: i64 = 500;

/// What somebody wants to hear of.
#[derive(Clone, Copy)]
pub struct Wish {
    pub topic: Topic,
    pub channel: Channel,
    pub variant: VariantId,
}

/// Subscribes the viewer to news of a variant on sale; the same again changes nothing.
pub async fn subscribe(deps: &Deps, viewer: &Viewer, wish: Wish) -> Outcome<Row> {
    viewer.require_user()?;
    let ask = GetVariants {
        ids: vec![wish.variant],
        // Prices do not matter here.
        currency: Currency::GBP,
        tier: None,
    };
    let found = deps.commands.call(&ask).await?;
    if !found
        .iter()
        .any(|info| info.id == wish.variant && info.purchasable)
    {
        return Err(UserError::not_found(wish.variant.to_string()).into());
    }
    keep(deps, viewer, wish).await
}

/// Stores a subscription to a variant that exists.
pub async fn keep(deps: &Deps, viewer: &Viewer, wish: Wish) -> Outcome<Row> {
    let user = viewer.require_user()?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let had = topics::lock(&mut tx, user).await?;
    let (row, new) = topics::insert(&mut tx, user, wish.topic, wish.channel, wish.variant).await?;
    if new && had >= MAX_SUBSCRIPTIONS {
        let message = format!("at most {MAX_SUBSCRIPTIONS} subscriptions");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    if let Some(customer) = viewer.customer {
        // One person hears the same news once, whether a list or a subscription asks for it.
        mailboxes::join(&mut tx, user, customer).await?;
    }
    tx.commit().await?;
    Ok(row)
}

/// Ends one of the viewer's subscriptions.
pub async fn unsubscribe(deps: &Deps, viewer: &Viewer, id: TopicSubscriptionId) -> Outcome<Row> {
    let user = viewer.require_user()?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let row = topics::delete(&mut tx, user, id).await?;
    let row = row.ok_or_else(|| UserError::not_found(id.to_string()))?;
    tx.commit().await?;
    Ok(row)
}

/// Tells the next subscribers; returns whether there may be more.
pub async fn step(deps: &Deps) -> Result<bool, Error> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let Some(queued) = topics::next(&mut tx).await? else {
        return Ok(false);
    };
    let next = topics::subscribers(&mut tx, &queued, CHUNK).await?;
    let full = i64::try_from(next.len()).unwrap_or(CHUNK) == CHUNK;
    let last = next.last().map(|(id, ..)| *id).filter(|_| full);
    topics::told(&mut tx, queued.draft.event, last).await?;
    for channel in [Channel::InApp, Channel::Email] {
        let on = next.iter().filter(|(.., on)| *on == channel);
        let users: Vec<Recipient> = on
            .map(|(_, user, _): &(_, UserId, _)| Recipient::User(*user))
            .collect();
        if !users.is_empty() {
            crowd::tell(&mut tx, &users, &queued.draft, &[channel]).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}
