//! Writing, moderating and answering reviews.

use super::NOW;
use crate::{
    domain::review::{Review, ReviewStatus},
    store::{self, Scope, reviews::NewReview},
};
use platform::{
    Deps, Outcome, Tx, UserError, UserErrorCode, Viewer,
    address::text,
    error::{check_version, on_constraint},
    ids::{ProductId, ReviewId},
};

/// A review as its author writes it.
pub struct Text {
    pub rating: i32,
    pub title: Option<String>,
    pub body: Option<String>,
}

impl Text {
    fn validate(self) -> Result<Self, UserError> {
        if !(1..=5).contains(&self.rating) {
            return Err(UserError::invalid(&["rating"], "1..5"));
        }
        Ok(Self {
            rating: self.rating,
            title: optional(self.title, "title", 200)?,
            body: optional(self.body, "body", 10_000)?,
        })
    }
}

/// Writes a review; staff publishes it. One per customer and product.
pub async fn create(deps: &Deps, viewer: &Viewer, product: ProductId, review: Text) -> Outcome<ReviewId> {
    viewer.require_user()?;
    let customer = viewer.require_customer()?;
    let review = review.validate()?;
    if store::products::by_ids(deps.db.pool(), &Scope::from(viewer), &[product.0])
        .await?
        .is_empty()
    {
        return Err(UserError::not_found(product.to_string()).into());
    }
    let mut tx = deps.db.begin(NOW).await?;
    store::reviews::lock_purchases(&mut tx, product).await?;
    let id = ReviewId::new();
    let new = NewReview {
        id,
        product,
        customer,
        rating: review.rating,
        title: review.title.as_deref(),
        body: review.body.as_deref(),
    };
    store::reviews::insert(&mut tx, &new).await.map_err(|error| {
        on_constraint(error, "reviews_one_each", || {
            UserError::refused(UserErrorCode::Conflict, "you have reviewed this product already")
        })
    })?;
    tx.commit().await?;
    Ok(id)
}

/// Text of several lines.
fn optional(value: Option<String>, field: &str, max: usize) -> Result<Option<String>, UserError> {
    let Some(value) = value else { return Ok(None) };
    platform::text::lines(&value, max)
        .map(|value| Some(value).filter(|value| !value.is_empty()))
        .ok_or_else(|| UserError::invalid(&[field], &format!("at most {max} characters")))
}

async fn lock(tx: &mut Tx, id: ReviewId) -> Outcome<Review> {
    let review = store::reviews::lock(tx, id).await?;
    review.ok_or_else(|| UserError::not_found(id.to_string()).into())
}

/// Replaces the text of the viewer's own review. It leaves the shop window until staff have read it again; votes and
/// the vendor's answer stay.
pub async fn update(
    deps: &Deps,
    viewer: &Viewer,
    id: ReviewId,
    text: Text,
    expected_version: i32,
) -> Outcome<ReviewId> {
    viewer.require_user()?;
    let customer = viewer.require_customer()?;
    let text = text.validate()?;
    let mut tx = deps.db.begin(NOW).await?;
    let review = lock(&mut tx, id).await?;
    if review.customer_id != customer {
        return Err(match review.status {
            ReviewStatus::Published => UserError::forbidden("the author"),
            _ => UserError::not_found(id.to_string()),
        }
        .into());
    }
    check_version(expected_version, review.version)?;
    let change = review.status.counted_change(ReviewStatus::Pending);
    if change != 0 {
        store::reviews::count(&mut tx, review.product_id, review.rating, change).await?;
    }
    let words = (text.rating, text.title.as_deref(), text.body.as_deref());
    store::reviews::rewrite(&mut tx, id, words).await?;
    tx.commit().await?;
    Ok(id)
}

/// What staff decide about a review.
pub struct Verdict {
    pub status: ReviewStatus,
    pub reason: Option<String>,
    /// The version that was read, if the author is not to change it meanwhile.
    pub expected_version: Option<i32>,
}

/// Publishes or refuses a review, and keeps the product's sums equal to a recount.
pub async fn moderate(deps: &Deps, viewer: &Viewer, id: ReviewId, verdict: Verdict) -> Outcome<ReviewId> {
    let status = verdict.status;
    let reason = verdict.reason.map(|reason| {
        text(reason, 1000).ok_or_else(|| UserError::invalid(&["reason"], "1..1000 characters"))
    });
    let reason = reason.transpose()?;
    let mut tx = deps.db.begin(NOW).await?;
    let review = lock(&mut tx, id).await?;
    if review.status == status {
        return Ok(id);
    }
    if let Some(expected) = verdict.expected_version {
        check_version(expected, review.version)?;
    }
    if status == ReviewStatus::Pending {
        let allowed = [ReviewStatus::Published.as_str(), ReviewStatus::Rejected.as_str()];
        return Err(UserError::invalid_transition(review.status.as_str(), status.as_str(), allowed).into());
    }
    store::reviews::moderate(&mut tx, id, status, reason.as_deref(), viewer.user).await?;
    let change = review.status.counted_change(status);
    if change != 0 {
        store::reviews::count(&mut tx, review.product_id, review.rating, change).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Answers a published review in the vendor's name; a second answer replaces the first.
pub async fn reply(deps: &Deps, viewer: &Viewer, id: ReviewId, body: String) -> Outcome<ReviewId> {
    let body = optional(Some(body), "body", 5_000)?;
    let body = body.ok_or_else(|| UserError::invalid(&["body"], "1..5000 characters"))?;
    let mut tx = deps.db.begin(NOW).await?;
    let review = visible(&mut tx, viewer, id).await?;
    viewer.require_user()?;
    if !viewer.is_member(review.vendor_id) {
        return Err(UserError::forbidden("a member of the product's vendor").into());
    }
    store::reviews::reply(&mut tx, id, &body).await?;
    tx.commit().await?;
    Ok(id)
}

/// Votes for a published review, once. A guest could be anybody any number of times.
pub async fn mark_helpful(deps: &Deps, viewer: &Viewer, id: ReviewId) -> Outcome<ReviewId> {
    viewer.require_user()?;
    let customer = viewer.require_customer()?;
    let mut tx = deps.db.begin(NOW).await?;
    let review = visible(&mut tx, viewer, id).await?;
    if review.customer_id == customer {
        return Err(UserError::refused(UserErrorCode::Conflict, "this is your own review").into());
    }
    store::reviews::vote(&mut tx, id, customer).await?;
    tx.commit().await?;
    Ok(id)
}

/// A published review that the viewer can see.
async fn visible(tx: &mut Tx, viewer: &Viewer, id: ReviewId) -> Outcome<Review> {
    let review = store::reviews::by_ids(&mut **tx, &Scope::from(viewer), &[id.0])
        .await?
        .pop();
    let published = review.filter(|review| review.status == ReviewStatus::Published);
    published.ok_or_else(|| UserError::not_found(id.to_string()).into())
}
