//! Takes what storefronts track.

use crate::{
    domain::track::{ADD_TO_CART, MAX_EVENTS, PRODUCT_VIEW, Sent, Tracked, check},
    store::{
        events::{self, Fresh},
        products::{self, Seen},
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use platform::{Fault, Moment, Tx, UserError, UserErrorCode, Viewer, ids::ProductId, service::Deps};
use std::collections::BTreeMap;

/// How many events were taken (those that came before count, too), and why others were not.
pub async fn track(deps: &Deps, viewer: &Viewer, sent: Vec<Sent>) -> Result<(i32, Vec<UserError>), Fault> {
    if sent.len() > MAX_EVENTS {
        let message = format!("at most {MAX_EVENTS} events at once");
        return Err(UserError::refused(UserErrorCode::LimitExceeded, message).into());
    }
    let now = Utc::now();
    let (mut good, mut errors) = (Vec::new(), Vec::new());
    for (index, event) in sent.into_iter().enumerate() {
        match check(index, event, now) {
            Ok(event) => good.push(event),
            Err(error) => errors.push(error),
        }
    }
    if !good.is_empty() {
        store(deps, viewer, &good).await?;
    }
    Ok((i32::try_from(good.len()).unwrap_or(i32::MAX), errors))
}

async fn store(deps: &Deps, viewer: &Viewer, tracked: &[Tracked]) -> Result<(), platform::Error> {
    let actor = match (viewer.customer, viewer.user) {
        (Some(customer), _) => Some(customer.to_string()),
        (None, user) => user.map(|user| user.to_string()),
    };
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let fresh = events::track(&mut tx, actor.as_deref(), tracked).await?;
    count(&mut tx, &fresh).await?;
    if let Some(customer) = viewer.customer {
        let viewed: Vec<(ProductId, DateTime<Utc>)> = fresh
            .iter()
            .filter(|event| event.kind == PRODUCT_VIEW)
            .filter_map(|event| Some((ProductId::parse(event.subject_id.as_deref()?)?, event.occurred_at)))
            .collect();
        if !viewed.is_empty() {
            products::remember_viewed(&mut tx, customer, &viewed).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn count(tx: &mut Tx, fresh: &[Fresh]) -> Result<(), platform::Error> {
    let mut days: BTreeMap<(ProductId, NaiveDate), (i64, i64)> = BTreeMap::new();
    for event in fresh {
        let Some(product) = event.subject_id.as_deref().and_then(ProductId::parse) else {
            continue;
        };
        let (views, adds) = match event.kind.as_str() {
            PRODUCT_VIEW => (1, 0),
            ADD_TO_CART => (0, 1),
            _ => continue,
        };
        let sums = days.entry((product, event.occurred_at.date_naive())).or_default();
        *sums = (sums.0 + views, sums.1 + adds);
    }
    let seen: Vec<Seen> = days
        .into_iter()
        .map(|((product, day), (views, adds))| Seen {
            product,
            day,
            views,
            adds,
        })
        .collect();
    if !seen.is_empty() {
        products::add_seen(tx, &seen).await?;
    }
    Ok(())
}
