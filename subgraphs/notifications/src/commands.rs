//! What other services ask for.

use crate::{
    domain::{
        template::{best, render},
        types::Channel,
    },
    store::{deliveries, deliveries::AccountMessage, templates},
};
use contracts::{Done, notifications::SendAccountMessage};
use platform::{Error, commands::Call, events::Origin, service::Deps};

/// Renders the message and queues it; its secret is gone as soon as it is sent. Repeating it sends nothing.
pub async fn send_account_message(
    deps: &Deps,
    call: Call,
    command: SendAccountMessage,
) -> Result<Done, Error> {
    if call.moment.origin() == Origin::Import {
        return Ok(Done {});
    }
    let mut tx = deps.db.begin(call.moment).await?;
    let found = templates::by_codes(&mut *tx, std::slice::from_ref(&command.template)).await?;
    let template = best(&found, &command.template, Channel::Email, &command.locale)
        .ok_or_else(|| Error::BadInput(format!("there is no template {}", command.template)))?;
    let words = render(template, &command.variables).map_err(Error::internal)?;
    let message = AccountMessage {
        to: command.email,
        subject: words.title,
        text: words.body,
    };
    deliveries::insert_account(&mut tx, &command.key, command.user, &message).await?;
    tx.hint("outgoing", "email");
    tx.commit().await?;
    Ok(Done {})
}
