//! A piece of a file of reviews takes effect. What our own customers and orders have to say about it is asked before,
//! with nothing locked.

use crate::{
    actions::NOW,
    domain::{
        bulk::{
            job::{Counts, LineStatus, Stage},
            reviews::{document::Line, plan::plan},
        },
        review::ReviewStatus,
    },
    search::indexer,
    store::bulk::{
        jobs::{self, Claimed},
        report,
        reviews::{self, Named},
    },
};
use contracts::{orders::GetDelivered, users::GetContacts};
use platform::{
    Deps, Error, Outcome, Tx,
    ids::{CatalogImportId, CustomerId},
};

/// What other services have to be asked before a piece can be taken.
#[derive(Debug)]
pub struct Questions {
    customers: Vec<CustomerId>,
    orders: Vec<String>,
}

/// Gives the lines their effect, and reports; or does nothing and says what is to be asked first.
pub async fn take(tx: &mut Tx, job: &Claimed, lines: Vec<Line>) -> Outcome<Result<Counts, Questions>> {
    if lines.is_empty() {
        return Ok(Ok(Counts::default()));
    }
    let named = named(&lines);
    let (customers, orders) = reviews::unasked(tx, job.id, &named).await?;
    if !customers.is_empty() || !orders.is_empty() {
        return Ok(Err(Questions { customers, orders }));
    }
    let facts = reviews::facts(tx, job.id, &named, job.dry_run).await?;
    let silent = match job.stage {
        Stage::Publish => ReviewStatus::Published,
        _ => ReviewStatus::Pending,
    };
    let plan = plan(lines, facts, silent);
    if !job.dry_run {
        if reviews::write(tx, &plan).await? != plan.created.len() {
            return Err(Error::internal(anyhow::anyhow!("somebody was erased meanwhile")).into());
        }
        tx.hint(indexer::CHANGED, job.id);
    }
    let mut outcomes = plan.outcomes;
    if job.dry_run {
        // What is not written cannot be shown.
        let new = outcomes
            .iter_mut()
            .filter(|line| line.status == LineStatus::Created);
        new.for_each(|line| line.review = None);
    }
    report::insert_reviews(tx, job.id, &outcomes).await?;
    Ok(Ok(Counts::of(outcomes.iter().map(|line| line.status))))
}

fn named(lines: &[Line]) -> Named {
    let mut named = Named::default();
    for line in lines {
        let Ok(draft) = &line.draft else { continue };
        named.keys.push(draft.key.clone());
        named.lines.push(line.number);
        named.products.push(draft.product.clone());
        named.customers.extend(draft.customer);
        named.orders.extend(draft.order.clone());
    }
    named
}

/// Asks, and remembers the answers. A service that does not answer does not end the import: it waits its turn again.
pub async fn ask(deps: &Deps, id: CatalogImportId, questions: &Questions) -> Result<(), Error> {
    let answered = answers(deps, id, questions).await;
    if answered.is_err() {
        jobs::release(deps.db.pool(), id).await?;
    }
    answered
}

async fn answers(deps: &Deps, id: CatalogImportId, questions: &Questions) -> Result<(), Error> {
    let Questions { customers, orders } = questions;
    let known: Vec<CustomerId> = match customers.is_empty() {
        true => Vec::new(),
        false => {
            let ask = GetContacts {
                users: Vec::new(),
                customers: customers.clone(),
            };
            let contacts = deps.commands.call(&ask).await?;
            contacts
                .into_iter()
                .filter_map(|contact| contact.customer)
                .collect()
        }
    };
    let delivered = match orders.is_empty() {
        true => Vec::new(),
        false => {
            let numbers = orders.clone();
            deps.commands.call(&GetDelivered { numbers }).await?
        }
    };
    let mut tx = deps.db.begin(NOW).await?;
    reviews::remember(&mut tx, id, (customers, &known), (orders, &delivered)).await?;
    jobs::go_on(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}
