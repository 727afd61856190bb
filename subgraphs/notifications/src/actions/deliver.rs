//! The worker that sends mails. It claims deliveries in a short transaction, asks for addresses and sends outside of
//! any, and never stores an address.

use crate::{
    actions::links::{self, Links},
    domain::{
        delivery::{LEASE, MAX_ATTEMPTS, backoff, error_text},
        preference::locked,
        template::{Template, best, render},
        token,
        types::{Channel, DeliveryStatus},
    },
    mail::{Mailer, Reader, Refused},
    store::{
        deliveries::{self, Claimed},
        mailboxes, preferences, templates,
    },
};
use contracts::users::{Contact, GetContacts};
use futures::{StreamExt, stream};
use platform::{Error, Moment, service::Deps};
use std::time::Duration;

const BATCH: i64 = 20;
/// Mails under way at once.
const PARALLEL: usize = 5;

/// Sends what is due. True: there may be more.
pub async fn deliver(deps: &Deps, mailer: &Mailer) -> Result<bool, Error> {
    let claimed = deliveries::claim(deps.db.pool(), BATCH, LEASE).await?;
    if claimed.is_empty() {
        return Ok(false);
    }
    let full = claimed.len() as i64 == BATCH;
    match contacts(deps, &claimed).await {
        Ok(contacts) => {
            join_mailboxes(deps, &contacts).await?;
            // Without the orders service only guests' mails about orders wait.
            let links = links::links(deps, &claimed).await;
            send_all(deps, mailer, claimed, &contacts, &links).await?;
        }
        Err(error) => {
            for delivery in claimed {
                let wait = backoff(delivery.attempts);
                let text = error_text(&error.describe());
                deliveries::retry_later(deps.db.pool(), delivery.id, wait, &text).await?;
            }
            return Err(error);
        }
    }
    Ok(full)
}

async fn contacts(deps: &Deps, claimed: &[Claimed]) -> Result<Vec<Contact>, Error> {
    let people = || claimed.iter().filter(|d| d.message.is_none());
    let query = GetContacts {
        users: people().filter_map(|d| d.user).collect(),
        // Who has a login is asked for by it.
        customers: people()
            .filter(|d| d.user.is_none())
            .filter_map(|d| d.customer)
            .collect(),
    };
    if query.users.is_empty() && query.customers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(deps.commands.call(&query).await?)
}

/// A contact says that a login and a shopping persona are one person.
async fn join_mailboxes(deps: &Deps, contacts: &[Contact]) -> Result<(), Error> {
    let pairs: Vec<_> = contacts
        .iter()
        .filter_map(|contact| Some((contact.user?, contact.customer?)))
        .collect();
    for (user, customer) in mailboxes::apart(deps.db.pool(), &pairs).await? {
        let mut tx = deps.db.begin(Moment::LIVE).await?;
        mailboxes::join(&mut tx, user, customer).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn send_all(
    deps: &Deps,
    mailer: &Mailer,
    claimed: Vec<Claimed>,
    contacts: &[Contact],
    links: &Result<Links, Error>,
) -> Result<(), Error> {
    let codes: Vec<String> = claimed.iter().filter_map(|d| d.code.clone()).collect();
    let templates = templates::by_codes(deps.db.pool(), &codes).await?;
    let key = preferences::unsubscribe_key(deps.db.pool()).await?;
    let (templates, key) = (&templates[..], &key[..]);
    let results: Vec<Result<(), Error>> = stream::iter(claimed)
        .map(|delivery| async move {
            let outcome = match mail(&delivery, contacts, links, templates, key) {
                Ok((to, subject, text)) => mailer
                    .send(delivery.id, &to, &subject, &text)
                    .await
                    .map_err(Stop::Refused),
                Err(stop) => Err(stop),
            };
            settle(deps, mailer, &delivery, outcome).await
        })
        .buffer_unordered(PARALLEL)
        .collect()
        .await;
    results.into_iter().collect()
}

/// Why a mail stops here.
enum Stop {
    Refused(Refused),
    /// There is nobody to send it to.
    Suppress(&'static str),
}

/// Address, subject and text of a delivery.
fn mail(
    delivery: &Claimed,
    contacts: &[Contact],
    links: &Result<Links, Error>,
    templates: &[Template],
    key: &[u8],
) -> Result<(Reader, String, String), Stop> {
    if let Some(message) = &delivery.message {
        let to = Reader {
            email: message.to.clone(),
            name: None,
        };
        return Ok((to, message.subject.clone(), message.text.clone()));
    }
    let contact = contacts
        .iter()
        .find(|c| {
            (delivery.user.is_some() && c.user == delivery.user)
                || (delivery.customer.is_some() && c.customer == delivery.customer)
        })
        .ok_or(Stop::Suppress("nobody is known"))?;
    let email = contact
        .email
        .clone()
        .ok_or(Stop::Suppress("no address is known"))?;
    let refused = |cause: String| {
        Stop::Refused(Refused {
            permanent: true,
            cause,
        })
    };
    let template = delivery
        .code
        .as_deref()
        .and_then(|code| best(templates, code, Channel::Email, &contact.locale))
        .ok_or_else(|| refused("its template is gone".to_owned()))?;
    let mut variables = delivery.variables.clone().unwrap_or_default();
    if let Some(map) = variables.as_object_mut() {
        map.insert("name".to_owned(), contact.display_name.clone().into());
        if let Some(link) = link(delivery, links)? {
            map.insert("order_link".to_owned(), link.into());
        }
    }
    let mut words = render(template, &variables).map_err(|e| refused(e.to_string()))?;
    words.body.push_str(&footer(delivery, contact, key));
    let to = Reader {
        email,
        name: contact.display_name.clone(),
    };
    Ok((to, words.title, words.body))
}

/// Where a guest sees the order that the mail is about.
fn link(delivery: &Claimed, links: &Result<Links, Error>) -> Result<Option<String>, Stop> {
    match (links::guest_order(delivery), links) {
        (None, _) => Ok(None),
        (Some(order), Ok(links)) => Ok(links.get(&order).cloned()),
        (Some(_), Err(error)) => Err(Stop::Refused(Refused {
            permanent: false,
            cause: error.describe(),
        })),
    }
}

/// How to stop mails that may be stopped.
fn footer(delivery: &Claimed, contact: &Contact, key: &[u8]) -> String {
    let token = match (delivery.category, contact.user) {
        (Some(category), Some(user)) if !locked(category) => token::sign(key, user, category),
        _ => None,
    };
    token.map_or_else(String::new, |token| {
        format!("\n\nTo stop mails of this kind, send this token to the mutation `unsubscribe`:\n{token}")
    })
}

async fn settle(
    deps: &Deps,
    mailer: &Mailer,
    delivery: &Claimed,
    outcome: Result<(), Stop>,
) -> Result<(), Error> {
    let (db, id) = (deps.db.pool(), delivery.id);
    let done = match outcome {
        Ok(()) => deliveries::sent(db, id, mailer.provider(), &mailer.message_id(id)).await,
        Err(Stop::Suppress(reason)) => deliveries::give_up(db, id, DeliveryStatus::Suppressed, reason).await,
        Err(Stop::Refused(refused)) => {
            let text = error_text(&refused.cause);
            tracing::warn!(delivery = %id, attempts = delivery.attempts, cause = text, "a mail was not sent");
            if refused.permanent || delivery.attempts >= MAX_ATTEMPTS {
                deliveries::give_up(db, id, DeliveryStatus::Failed, &text).await
            } else {
                deliveries::retry_later(db, id, backoff(delivery.attempts), &text).await
            }
        }
    };
    Ok(done?)
}

/// How long the worker sleeps when nothing wakes it.
pub const PERIOD: Duration = Duration::from_secs(2);
