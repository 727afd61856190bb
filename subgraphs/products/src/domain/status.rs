//! The approval of products: which state may follow which.

use async_graphql::Enum;
use platform::UserError;
use std::fmt;

/// Where a product, or an edit of it, stands in the approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, serde::Serialize, serde::Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductStatus {
    /// Being written by its vendor.
    Draft,
    /// Handed in by its vendor.
    Submitted,
    /// Being looked at by staff.
    InReview,
    /// Staff asks for changes; an edit makes it a draft again.
    ChangesRequested,
    /// May be sold.
    Approved,
    /// Refused; an edit makes it a draft again.
    Rejected,
    /// Gone for good.
    Archived,
}

use ProductStatus::{Approved, Archived, ChangesRequested, Draft, InReview, Rejected, Submitted};

impl ProductStatus {
    /// The states that may follow.
    pub fn allowed(self) -> &'static [Self] {
        match self {
            Draft => &[Submitted, Archived],
            Submitted => &[InReview, Draft, Archived],
            InReview => &[Approved, Rejected, ChangesRequested, Archived],
            ChangesRequested | Rejected => &[Draft, Archived],
            Approved => &[Archived],
            Archived => &[],
        }
    }

    /// Whether going to `next` changes anything: a repeat of the current state does not, and is no error.
    pub fn step(self, next: Self) -> Result<bool, UserError> {
        if self == next {
            return Ok(false);
        }
        match self.allowed().contains(&next) {
            true => Ok(true),
            false => Err(UserError::invalid_transition(self, next, self.allowed())),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Draft => "DRAFT",
            Submitted => "SUBMITTED",
            InReview => "IN_REVIEW",
            ChangesRequested => "CHANGES_REQUESTED",
            Approved => "APPROVED",
            Rejected => "REJECTED",
            Archived => "ARCHIVED",
        }
    }
}

impl fmt::Display for ProductStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [ProductStatus; 7] = [
        Draft,
        Submitted,
        InReview,
        ChangesRequested,
        Approved,
        Rejected,
        Archived,
    ];

    #[test]
    fn every_state_and_every_next_one() {
        let moves = [
            (Draft, Submitted),
            (Submitted, InReview),
            (Submitted, Draft),
            (InReview, Approved),
            (InReview, Rejected),
            (InReview, ChangesRequested),
            (ChangesRequested, Draft),
            (Rejected, Draft),
        ];
        for from in ALL {
            for to in ALL {
                let expected = moves.contains(&(from, to)) || (to == Archived && from != Archived);
                match from.step(to) {
                    Ok(moved) => assert_eq!(moved, from != to, "{from} {to}"),
                    Err(_) => assert!(!expected && from != to, "{from} {to}"),
                }
                assert_eq!(from.step(to).is_ok(), expected || from == to, "{from} {to}");
            }
        }
    }
}
