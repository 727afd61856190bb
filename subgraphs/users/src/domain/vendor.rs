//! The state machine of a vendor.

use async_graphql::Enum;
use platform::UserError;

/// Where a vendor stands. Only APPROVED may sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VendorStatus {
    /// Being written by the applicant.
    Draft,
    /// Waits for a reviewer.
    Submitted,
    /// A reviewer is at it.
    InReview,
    /// The applicant has to change something.
    ChangesRequested,
    /// May sell.
    Approved,
    /// Refused; an edit makes it a draft again.
    Rejected,
    /// May not sell for now.
    Suspended,
    /// Gone for good.
    Closed,
}

/// What may be done to a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Submit,
    Review,
    Approve,
    RequestChanges,
    Reject,
    Suspend,
    Reinstate,
    Close,
    /// An edit after a rejection.
    Rework,
}

use VendorStatus::*;

/// From, verb, to.
const TRANSITIONS: &[(VendorStatus, Verb, VendorStatus)] = &[
    (Draft, Verb::Submit, Submitted),
    (ChangesRequested, Verb::Submit, Submitted),
    (Submitted, Verb::Review, InReview),
    (InReview, Verb::Approve, Approved),
    (InReview, Verb::RequestChanges, ChangesRequested),
    (InReview, Verb::Reject, Rejected),
    (Rejected, Verb::Rework, Draft),
    (Approved, Verb::Suspend, Suspended),
    (Suspended, Verb::Reinstate, Approved),
    (Approved, Verb::Close, Closed),
    (Suspended, Verb::Close, Closed),
];

impl Verb {
    fn target(self) -> VendorStatus {
        match self {
            Self::Submit => Submitted,
            Self::Review => InReview,
            Self::Approve | Self::Reinstate => Approved,
            Self::RequestChanges => ChangesRequested,
            Self::Reject => Rejected,
            Self::Suspend => Suspended,
            Self::Close => Closed,
            Self::Rework => Draft,
        }
    }
}

impl VendorStatus {
    /// As in GraphQL and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Draft => "DRAFT",
            Submitted => "SUBMITTED",
            InReview => "IN_REVIEW",
            ChangesRequested => "CHANGES_REQUESTED",
            Approved => "APPROVED",
            Rejected => "REJECTED",
            Suspended => "SUSPENDED",
            Closed => "CLOSED",
        }
    }

    /// The state after `verb`; `None` if it is there already.
    pub fn step(self, verb: Verb) -> Result<Option<Self>, UserError> {
        if self == verb.target() {
            return Ok(None);
        }
        let step = TRANSITIONS
            .iter()
            .find(|(from, with, _)| *from == self && *with == verb);
        step.map(|(_, _, to)| Some(*to)).ok_or_else(|| {
            let allowed = TRANSITIONS
                .iter()
                .filter(|(from, ..)| *from == self)
                .map(|(_, _, to)| to.as_str());
            UserError::invalid_transition(self.as_str(), verb.target().as_str(), allowed)
        })
    }

    /// While somebody decides about the data, and after the end, it stands still.
    pub fn editable(self) -> bool {
        !matches!(self, Submitted | InReview | Closed)
    }

    /// What a reviewer has approved cannot be replaced without one.
    pub fn reviewed(self) -> bool {
        matches!(self, Approved | Suspended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERBS: [Verb; 9] = [
        Verb::Submit,
        Verb::Review,
        Verb::Approve,
        Verb::RequestChanges,
        Verb::Reject,
        Verb::Suspend,
        Verb::Reinstate,
        Verb::Close,
        Verb::Rework,
    ];

    /// What each verb makes of each state: `-` is refused, `=` changes nothing.
    ///     Submit Review Approve RequestChanges Reject Suspend Reinstate Close Rework
    const TABLE: [(VendorStatus, [&str; 9]); 8] = [
        (Draft, ["SUBMITTED", "-", "-", "-", "-", "-", "-", "-", "="]),
        (Submitted, ["=", "IN_REVIEW", "-", "-", "-", "-", "-", "-", "-"]),
        (
            InReview,
            [
                "-",
                "=",
                "APPROVED",
                "CHANGES_REQUESTED",
                "REJECTED",
                "-",
                "-",
                "-",
                "-",
            ],
        ),
        (
            ChangesRequested,
            ["SUBMITTED", "-", "-", "=", "-", "-", "-", "-", "-"],
        ),
        (
            Approved,
            ["-", "-", "=", "-", "-", "SUSPENDED", "=", "CLOSED", "-"],
        ),
        (Rejected, ["-", "-", "-", "-", "=", "-", "-", "-", "DRAFT"]),
        (
            Suspended,
            ["-", "-", "-", "-", "-", "=", "APPROVED", "CLOSED", "-"],
        ),
        (Closed, ["-", "-", "-", "-", "-", "-", "-", "=", "-"]),
    ];

    #[test]
    fn every_state_and_verb() {
        for (state, row) in TABLE {
            for (verb, expected) in VERBS.into_iter().zip(row) {
                let got = match state.step(verb) {
                    Ok(None) => "=",
                    Ok(Some(to)) => to.as_str(),
                    Err(UserError::InvalidTransitionError(e)) => {
                        assert_eq!(
                            (e.from.as_str(), e.to.as_str()),
                            (state.as_str(), verb.target().as_str())
                        );
                        "-"
                    }
                    Err(other) => panic!("{other:?}"),
                };
                assert_eq!(got, expected, "{state:?} {verb:?}");
            }
        }
    }
}
