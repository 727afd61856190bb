//! Reviews and what they add up to.

use super::prose::prose;
use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    UserError,
    ids::{CustomerId, ProductId, ReviewId, VendorId},
};

/// A review as its author writes it.
#[derive(Clone, Debug)]
pub struct Text {
    pub rating: i32,
    pub title: Option<String>,
    pub body: Option<String>,
}

impl Text {
    pub fn validate(self) -> Result<Self, UserError> {
        if !(1..=5).contains(&self.rating) {
            return Err(UserError::invalid(&["rating"], "1..5"));
        }
        Ok(Self {
            rating: self.rating,
            title: prose(&["title"], self.title.as_deref(), 200)?,
            body: prose(&["body"], self.body.as_deref(), 10_000)?,
        })
    }
}

/// Where a review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, serde::Serialize, serde::Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewStatus {
    /// Waits for staff; only its author, the vendor and staff see it.
    Pending,
    /// Public, and counted in the rating.
    Published,
    /// Refused by staff.
    Rejected,
}

impl ReviewStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Published => "PUBLISHED",
            Self::Rejected => "REJECTED",
        }
    }

    /// What a moderation from `self` to `next` adds to the number of counted reviews.
    pub fn counted_change(self, next: Self) -> i32 {
        i32::from(next == Self::Published) - i32::from(self == Self::Published)
    }
}

/// A customer's opinion of a product.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Review {
    #[graphql(skip)]
    pub id: ReviewId,
    #[graphql(skip)]
    pub product_id: ProductId,
    #[graphql(skip)]
    pub vendor_id: VendorId,
    #[graphql(skip)]
    pub customer_id: Option<CustomerId>,
    /// Name it is signed with, if it was brought along from another shop. Whoever writes here is `author`.
    pub author_name: Option<String>,
    /// Language it is written in, if it is known: en-GB.
    pub locale: Option<String>,
    /// 1 (worst) to 5 (best).
    pub rating: i32,
    /// Headline.
    pub title: Option<String>,
    /// Text.
    pub body: Option<String>,
    /// The author has bought the product here: by our own orders, never by what a file says.
    #[graphql(name = "verifiedPurchase")]
    pub verified: bool,
    /// Where the review stands.
    pub status: ReviewStatus,
    /// Public answer of the vendor.
    pub vendor_reply: Option<String>,
    /// Customers who found it helpful.
    pub helpful_count: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When its author changed it last.
    pub edited_at: Option<DateTime<Utc>>,
    /// Counts edits, moderations and answers; `reviewUpdate` and `reviewModerate` want it.
    pub version: i32,
}

/// Narrows a list of reviews; conditions are combined with AND.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, InputObject, serde::Serialize)]
pub struct ReviewWhere {
    /// At least this rating.
    pub min_rating: Option<i32>,
    /// Only reviews by buyers.
    pub verified_only: Option<bool>,
    /// Only these states. Others than PUBLISHED are seen by the author, the vendor and staff only.
    pub status: Option<Vec<ReviewStatus>>,
}

/// What the published reviews add up to.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct RatingSummary {
    /// Mean rating, two decimals; null without reviews.
    pub average: Option<f64>,
    /// Number of published reviews.
    pub count: i32,
    /// Number of reviews with 1, 2, 3, 4 and 5 stars.
    pub histogram: Vec<i32>,
}

impl RatingSummary {
    pub fn new(count: i32, sum: i64, histogram: Vec<i32>) -> Self {
        // Hundredths, rounded half up: exact for any count that fits.
        let hundredths = (sum * 200 + i64::from(count)) / (2 * i64::from(count.max(1)));
        let average = (count > 0).then(|| f64::from(i32::try_from(hundredths).unwrap_or(500)) / 100.0);
        Self {
            average,
            count,
            histogram,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages() {
        assert_eq!(RatingSummary::new(0, 0, vec![0; 5]).average, None);
        assert_eq!(RatingSummary::new(3, 14, vec![0, 0, 0, 1, 2]).average, Some(4.67));
        assert_eq!(RatingSummary::new(2, 5, vec![0, 1, 1, 0, 0]).average, Some(2.5));
    }

    #[test]
    fn only_published_reviews_count() {
        use ReviewStatus::{Pending, Published, Rejected};
        for (from, to, change) in [
            (Pending, Published, 1),
            (Published, Rejected, -1),
            (Published, Published, 0),
            (Pending, Rejected, 0),
        ] {
            assert_eq!(from.counted_change(to), change);
        }
    }
}
