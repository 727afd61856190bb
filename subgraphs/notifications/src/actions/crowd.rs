//! Tells one thing to many people in one go, each by the channels they have not switched off.

use super::notify::{UNWANTED, plan};
use crate::{
    domain::{draft::Draft, preference::locked, types::Channel},
    store::{
        crowd,
        mailboxes::{Mailbox, Recipient},
        preferences, templates,
    },
};
use platform::{Error, Tx, ids::UserId};
use std::collections::HashSet;
use uuid::Uuid;

/// One message per reader, fact and channel, however often and by however many ways it comes here.
pub async fn tell(
    tx: &mut Tx,
    recipients: &[Recipient],
    draft: &Draft,
    channels: &[Channel],
) -> Result<(), Error> {
    let templates = templates::by_codes(&mut **tx, std::slice::from_ref(&draft.code)).await?;
    let Some(plan) = plan(&templates, draft, channels)? else {
        tracing::warn!(code = draft.code, "no template: nobody is told");
        return Ok(());
    };
    let boxes = crowd::lock(tx, recipients).await?;
    let users: Vec<UserId> = boxes.iter().filter_map(|mailbox| mailbox.user).collect();
    let refused: HashSet<(UserId, Channel)> = match locked(plan.category) {
        true => HashSet::new(),
        false => preferences::of_users(&mut **tx, &users)
            .await?
            .into_iter()
            .filter(|choice| choice.category == plan.category && !choice.enabled)
            .map(|choice| (choice.user, choice.channel))
            .collect(),
    };
    let wanted = |mailbox: &Mailbox, channel| {
        mailbox
            .user
            .is_none_or(|user| !refused.contains(&(user, channel)))
    };
    let ids: Vec<Uuid> = boxes.iter().map(|mailbox| mailbox.id).collect();
    let all = |channel| boxes.iter().map(move |mailbox| (mailbox, channel));
    let shown: Vec<bool> = all(Channel::InApp)
        .map(|(mailbox, channel)| plan.in_app && wanted(mailbox, channel))
        .collect();
    for mailbox in crowd::insert(tx, (&ids, &shown), draft, plan.category, &plan.words).await? {
        tx.hint("mailbox", mailbox);
    }
    if plan.email {
        let mailed: Vec<bool> = all(Channel::Email)
            .map(|(mailbox, channel)| wanted(mailbox, channel))
            .collect();
        crowd::queue(tx, draft.event, (&ids, &mailed), UNWANTED).await?;
        tx.hint("outgoing", "email");
    }
    Ok(())
}
