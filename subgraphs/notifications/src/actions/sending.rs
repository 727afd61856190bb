//! Messages that staff send, and second chances for mails.

use crate::{
    actions::notify::{plan, tell},
    domain::{
        draft::Draft,
        types::{Channel, DeliveryStatus, name},
    },
    store::{deliveries, mailboxes::Recipient, notifications, notifications::Row, templates},
};
use platform::{
    Error, Moment, Outcome, UserError, UserErrorCode, Viewer,
    idempotency::{self, Claimed},
    ids::{DeliveryId, NotificationId, UserId},
    service::Deps,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What staff want to tell somebody.
pub struct Send {
    pub user: UserId,
    pub code: String,
    pub channels: Vec<Channel>,
    pub variables: BTreeMap<String, String>,
}

/// Sends a message once per key. `None`: it was sent by mail only, or its reader does not want it in the app.
pub async fn send(deps: &Deps, viewer: &Viewer, send: Send, key: &str) -> Outcome<Option<Row>> {
    if send.channels.is_empty() {
        return Err(UserError::invalid(&["channels"], "at least one channel").into());
    }
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let channels: Vec<String> = send.channels.iter().map(name).collect();
    let input = (send.user, &send.code, &channels, &send.variables);
    let claim = match idempotency::claim(&mut tx, viewer, "notificationSend", key, &input).await? {
        Claimed::Replay(id) => return Ok(notifications::by_ids(&mut *tx, viewer, &[id]).await?.pop()),
        Claimed::Fresh(claim) => claim,
    };
    let draft = Draft {
        event: Uuid::now_v7(),
        code: send.code,
        subject: None,
        order: None,
        variables: send.variables,
    };
    let templates = templates::by_codes(&mut *tx, std::slice::from_ref(&draft.code)).await?;
    let unknown = || UserError::invalid(&["templateCode"], "the code of a template with these channels");
    let plan = plan(&templates, &draft, &send.channels)?.ok_or_else(unknown)?;
    let id = tell(&mut tx, Recipient::User(send.user), &draft, &plan).await?;
    let id: NotificationId =
        id.ok_or_else(|| Error::internal(anyhow::anyhow!("a new fact was told before")))?;
    claim.store(&mut tx, &id).await?;
    let row = notifications::by_ids(&mut *tx, viewer, &[id]).await?.pop();
    tx.commit().await?;
    Ok(row)
}

/// Puts a failed mail back into the queue. Nothing happens to one that waits or was sent.
pub async fn retry(deps: &Deps, viewer: &Viewer, id: DeliveryId) -> Outcome<Option<Row>> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let found = deliveries::lock(&mut tx, id).await?;
    let found = found.ok_or_else(|| UserError::not_found(id.to_string()))?;
    match (found.status, found.notification) {
        (DeliveryStatus::Failed, Some(_)) => deliveries::requeue(&mut tx, id).await?,
        (DeliveryStatus::Failed, None) => {
            let message = "an account message is not kept; it has to be asked for again";
            return Err(UserError::refused(UserErrorCode::Conflict, message).into());
        }
        (DeliveryStatus::Queued | DeliveryStatus::Sending, _) => {}
        (status, _) => return Err(UserError::invalid_transition(name(status), "QUEUED", [""; 0]).into()),
    }
    let row = match found.notification {
        Some(id) => notifications::by_ids(&mut *tx, viewer, &[id]).await?.pop(),
        None => None,
    };
    tx.hint("outgoing", "email");
    tx.commit().await?;
    Ok(row)
}
