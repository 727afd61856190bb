//! What becomes of the reviews that a part of a file is about. Nothing is written here.

use super::document::{Draft, Line};
use crate::domain::{
    bulk::job::{LineError, LineStatus},
    review::ReviewStatus,
};
use chrono::{DateTime, Utc};
use platform::{
    UserError, UserErrorCode,
    ids::{CustomerId, ProductId, ReviewId},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A review as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub id: ReviewId,
    pub key: String,
    pub product: ProductId,
    pub customer: Option<CustomerId>,
    pub rating: i32,
    pub title: Option<String>,
    pub body: Option<String>,
    pub author: Option<String>,
    pub locale: Option<String>,
    pub verified: bool,
    pub status: ReviewStatus,
    pub created_at: DateTime<Utc>,
}

/// One that is there, and what has happened to it here.
#[derive(Clone, Debug)]
pub struct Known {
    pub review: Stored,
    /// Staff have published or refused it.
    pub is_decided: bool,
    /// Its author has changed it.
    pub is_edited: bool,
}

/// What our own orders say about an order that a line names.
#[derive(Clone, Debug)]
pub struct Order {
    pub customer: CustomerId,
    /// What has arrived of it.
    pub products: HashSet<ProductId>,
}

/// What is known of all that a part of a file names.
#[derive(Debug, Default)]
pub struct Facts {
    /// By slug, and by SKU in lower case.
    pub slugs: HashMap<String, ProductId>,
    pub skus: HashMap<String, ProductId>,
    /// By key.
    pub known: HashMap<String, Known>,
    /// Reviews of customers by product and customer.
    pub by_customer: HashMap<(ProductId, CustomerId), ReviewId>,
    /// Customers that there are.
    pub customers: HashSet<CustomerId>,
    /// Who has what they bought.
    pub purchases: HashSet<(ProductId, CustomerId)>,
    /// By number.
    pub orders: HashMap<String, Order>,
    /// In which line of the file a key stands first.
    pub first_lines: HashMap<String, i32>,
}

impl Facts {
    pub fn product(&self, name: &str) -> Option<ProductId> {
        let sku = || self.skus.get(&name.to_lowercase());
        self.slugs.get(name).or_else(sku).copied()
    }

    /// Our own orders say so; what a file claims does not count.
    fn is_bought(&self, draft: &Draft, product: ProductId) -> bool {
        let by = draft.customer;
        let order = draft.order.as_ref().and_then(|number| self.orders.get(number));
        by.is_some_and(|by| self.purchases.contains(&(product, by)))
            || order.is_some_and(|order| {
                order.products.contains(&product) && by.is_none_or(|by| by == order.customer)
            })
    }
}

/// A line of the report.
#[derive(Debug)]
pub struct Outcome {
    pub line: i32,
    pub product_name: Option<String>,
    pub product: Option<ProductId>,
    pub review: Option<ReviewId>,
    pub status: LineStatus,
    pub errors: Vec<LineError>,
}

/// What is to be written, and what is to be reported.
#[derive(Debug, Default)]
pub struct Plan {
    pub created: Vec<Stored>,
    pub updated: Vec<Stored>,
    pub outcomes: Vec<Outcome>,
    /// Published reviews to add by product, for 1 to 5 stars each.
    pub sums: BTreeMap<ProductId, [i32; 5]>,
}

enum Change {
    None(ReviewId),
    Create(Stored),
    Update(Stored),
}

/// Decides about each line. `silent` is the state of reviews whose line names none.
pub fn plan(lines: Vec<Line>, mut facts: Facts, silent: ReviewStatus) -> Plan {
    let mut plan = Plan::default();
    for line in lines {
        let change = line
            .draft
            .and_then(|draft| change(line.number, draft, &facts, silent));
        let (status, review, errors) = match change {
            Err(error) => (LineStatus::Refused, None, vec![error.into()]),
            Ok(Change::None(id)) => (LineStatus::Unchanged, Some(id), Vec::new()),
            Ok(Change::Create(new)) => {
                let id = new.id;
                plan.count(&new, 1);
                take_place(&mut facts, &new);
                plan.created.push(new);
                (LineStatus::Created, Some(id), Vec::new())
            }
            Ok(Change::Update(new)) => {
                if let Some(old) = facts.known.get(&new.key) {
                    plan.count(&old.review, -1);
                }
                let id = new.id;
                plan.count(&new, 1);
                take_place(&mut facts, &new);
                plan.updated.push(new);
                (LineStatus::Updated, Some(id), Vec::new())
            }
        };
        plan.outcomes.push(Outcome {
            line: line.number,
            product: line.product.as_ref().and_then(|name| facts.product(name)),
            product_name: line.product,
            review,
            status,
            errors,
        });
    }
    plan.sums.retain(|_, stars| stars.iter().any(|n| *n != 0));
    plan
}

/// Later lines of the same part see that the customer has reviewed the product.
fn take_place(facts: &mut Facts, new: &Stored) {
    if let Some(customer) = new.customer {
        facts.by_customer.insert((new.product, customer), new.id);
    }
}

impl Plan {
    /// Adds a review to the sums of its product, or takes it away.
    fn count(&mut self, review: &Stored, change: i32) {
        let index = usize::try_from(review.rating - 1).unwrap_or(0);
        if review.status == ReviewStatus::Published
            && let Some(stars) = self.sums.entry(review.product).or_default().get_mut(index)
        {
            *stars += change;
        }
    }
}

fn conflict(message: impl Into<String>) -> UserError {
    UserError::refused(UserErrorCode::Conflict, message)
}

fn not_found(what: &str, name: &str) -> UserError {
    UserError::refused(UserErrorCode::NotFound, format!("there is no {what} {name:?}"))
}

fn change(number: i32, draft: Draft, facts: &Facts, silent: ReviewStatus) -> Result<Change, UserError> {
    if let Some(first) = facts.first_lines.get(&draft.key).filter(|first| **first < number) {
        return Err(conflict(format!("the key stands in line {first} already")));
    }
    let product = facts
        .product(&draft.product)
        .ok_or_else(|| not_found("product", &draft.product))?;
    if let Some(customer) = draft.customer.filter(|id| !facts.customers.contains(id)) {
        return Err(not_found("customer", &customer.to_string()));
    }
    let known = facts.known.get(&draft.key);
    let own = known.map(|known| known.review.id);
    let other = draft
        .customer
        .and_then(|customer| facts.by_customer.get(&(product, customer)));
    if other.is_some_and(|other| Some(*other) != own) {
        return Err(conflict("the customer has reviewed this product already"));
    }
    let Some(known) = known else {
        return Ok(Change::Create(review(
            ReviewId::new(),
            draft,
            product,
            facts,
            silent,
        )));
    };
    let old = &known.review;
    if old.product != product || old.customer.is_some_and(|old| Some(old) != draft.customer) {
        return Err(conflict(
            "the key is that of a review of another product or customer",
        ));
    }
    // What its author has written here since is newer than any file.
    if known.is_edited {
        return Ok(Change::None(old.id));
    }
    let mut new = review(old.id, draft, product, facts, old.status);
    // What staff have decided here stays; so does a purchase that was confirmed once.
    if known.is_decided {
        new.status = old.status;
    }
    new.verified |= old.verified;
    match new == *old {
        true => Ok(Change::None(old.id)),
        false => Ok(Change::Update(new)),
    }
}

fn review(id: ReviewId, draft: Draft, product: ProductId, facts: &Facts, silent: ReviewStatus) -> Stored {
    Stored {
        id,
        product,
        verified: facts.is_bought(&draft, product),
        customer: draft.customer,
        rating: draft.text.rating,
        title: draft.text.title,
        body: draft.text.body,
        author: draft.author,
        locale: draft.locale,
        status: draft.status.unwrap_or(silent),
        created_at: draft.created_at,
        key: draft.key,
    }
}
