//! Stores a message for each of its readers, and queues their mails, in the caller's transaction.

use crate::{
    domain::{
        draft::Draft,
        preference::locked,
        template::{Rendered, Template, best, render},
        types::{Channel, NotificationCategory},
    },
    store::{
        deliveries,
        mailboxes::{self, Mailbox, Recipient},
        notifications, preferences, privacy, templates,
    },
};
use platform::{Error, Language, Tx, ids::NotificationId};

/// Why a mail was not sent.
pub(super) const UNWANTED: &str = "switched off by the reader";

/// One message per reader and fact, however often it is called.
pub async fn notify(tx: &mut Tx, recipients: &[Recipient], draft: &Draft) -> Result<(), Error> {
    let templates = templates::by_codes(&mut **tx, std::slice::from_ref(&draft.code)).await?;
    let Some(plan) = plan(&templates, draft, &[Channel::InApp, Channel::Email])? else {
        tracing::warn!(code = draft.code, "no template: nobody is told");
        return Ok(());
    };
    let mut recipients = privacy::present(tx, recipients).await?;
    // In one order everywhere, so that two transactions cannot wait for each other.
    recipients.sort_unstable();
    recipients.dedup();
    for recipient in recipients {
        tell(tx, recipient, draft, &plan).await?;
    }
    Ok(())
}

/// What a message says and where.
pub struct Plan {
    pub category: NotificationCategory,
    pub words: Rendered,
    pub in_app: bool,
    pub email: bool,
}

/// `None` where no template says anything. English, until a reader's language is known: mails are rendered when
/// they are sent.
pub fn plan(templates: &[Template], draft: &Draft, channels: &[Channel]) -> Result<Option<Plan>, Error> {
    let english = Language::default();
    let find =
        |channel| best(templates, &draft.code, channel, &english).filter(|_| channels.contains(&channel));
    let (in_app, email) = (find(Channel::InApp), find(Channel::Email));
    let Some(template) = in_app.or(email) else {
        return Ok(None);
    };
    Ok(Some(Plan {
        category: template.category,
        words: render(template, &draft.variables).map_err(Error::internal)?,
        in_app: in_app.is_some(),
        email: email.is_some(),
    }))
}

/// Tells one reader. `None`: they were told before.
pub async fn tell(
    tx: &mut Tx,
    recipient: Recipient,
    draft: &Draft,
    plan: &Plan,
) -> Result<Option<NotificationId>, Error> {
    let mailbox = mailboxes::lock(tx, recipient).await?;
    let wanted = |channel| wanted(&plan.category, channel);
    let (show, mail) = match (locked(plan.category), mailbox.user) {
        (false, Some(user)) => {
            let choices = preferences::of_users(&mut **tx, &[user]).await?;
            (wanted(Channel::InApp)(&choices), wanted(Channel::Email)(&choices))
        }
        _ => (true, true),
    };
    let in_app = plan.in_app && show;
    let Some(id) = notifications::insert(tx, &mailbox, draft, plan.category, &plan.words, in_app).await?
    else {
        return Ok(None);
    };
    queue(tx, &mailbox, id, plan, mail).await?;
    if in_app {
        tx.hint("mailbox", mailbox.id);
    }
    Ok(Some(id))
}

async fn queue(
    tx: &mut Tx,
    _mailbox: &Mailbox,
    id: NotificationId,
    plan: &Plan,
    wanted: bool,
) -> Result<(), Error> {
    if plan.email {
        let suppressed = (!wanted).then_some(UNWANTED);
        deliveries::insert(tx, id, suppressed).await?;
        tx.hint("outgoing", "email");
    }
    Ok(())
}

fn wanted(category: &NotificationCategory, channel: Channel) -> impl Fn(&[preferences::Row]) -> bool + use<> {
    let category = *category;
    move |choices| {
        !choices
            .iter()
            .any(|c| c.category == category && c.channel == channel && !c.enabled)
    }
}
