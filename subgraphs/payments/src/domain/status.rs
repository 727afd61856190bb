//! The states of payments, refunds and coupon uses, and which steps lead from one to another.

use async_graphql::Enum;
use contracts::payments::PaymentState;

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentStatus {
    /// Known to us; the payer has not acted yet.
    Created,
    /// The payer has to confirm it, for example with 3-D Secure.
    RequiresAction,
    /// The provider is working on it.
    Processing,
    /// The money is promised and can be captured.
    Authorized,
    /// A part of the amount was captured.
    PartiallyCaptured,
    /// The whole amount was captured.
    Captured,
    /// A part of what was captured went back.
    PartiallyRefunded,
    /// All that was captured went back.
    Refunded,
    /// Canceled before any money moved.
    Voided,
    /// Declined.
    Failed,
    /// Given up unpaid, or the authorization lapsed.
    Expired,
    /// The payer has contested it with their bank.
    Disputed,
    /// What the provider says does not fit; staff has to look.
    Unresolved,
}

impl PaymentStatus {
    /// As in the contract: `AUTHORIZED`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::RequiresAction => "REQUIRES_ACTION",
            Self::Processing => "PROCESSING",
            Self::Authorized => "AUTHORIZED",
            Self::PartiallyCaptured => "PARTIALLY_CAPTURED",
            Self::Captured => "CAPTURED",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Self::Refunded => "REFUNDED",
            Self::Voided => "VOIDED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
            Self::Disputed => "DISPUTED",
            Self::Unresolved => "UNRESOLVED",
        }
    }

    /// The payer may still pay. A declined card may be followed by another one.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Created | Self::RequiresAction | Self::Processing | Self::Failed
        )
    }

    /// Money has moved.
    pub fn is_captured(self) -> bool {
        matches!(
            self,
            Self::PartiallyCaptured
                | Self::Captured
                | Self::PartiallyRefunded
                | Self::Refunded
                | Self::Disputed
        )
    }

    /// Where it may go from here, for the error that names them.
    pub fn allowed(self) -> Vec<&'static str> {
        use PaymentStatus::*;
        let next: &[Self] = match self {
            Created => &[
                RequiresAction,
                Processing,
                Authorized,
                Captured,
                Failed,
                Voided,
                Expired,
            ],
            RequiresAction => &[Processing, Authorized, Captured, Failed, Expired, Voided],
            Processing => &[Authorized, Captured, Failed, Unresolved],
            Authorized => &[PartiallyCaptured, Captured, Voided, Expired],
            PartiallyCaptured => &[Captured, PartiallyRefunded, Refunded, Disputed],
            Captured | PartiallyRefunded => &[PartiallyRefunded, Refunded, Disputed],
            Disputed => &[Captured, Refunded],
            Failed | Expired => &[Authorized, Captured],
            Voided => &[Unresolved],
            Refunded | Unresolved => &[],
        };
        next.iter().map(|status| status.name()).collect()
    }
}

impl From<PaymentStatus> for PaymentState {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Created => Self::Created,
            PaymentStatus::RequiresAction => Self::RequiresAction,
            PaymentStatus::Processing => Self::Processing,
            PaymentStatus::Authorized => Self::Authorized,
            PaymentStatus::PartiallyCaptured => Self::PartiallyCaptured,
            PaymentStatus::Captured => Self::Captured,
            PaymentStatus::PartiallyRefunded => Self::PartiallyRefunded,
            PaymentStatus::Refunded => Self::Refunded,
            PaymentStatus::Voided => Self::Voided,
            PaymentStatus::Failed => Self::Failed,
            PaymentStatus::Expired => Self::Expired,
            PaymentStatus::Disputed => Self::Disputed,
            PaymentStatus::Unresolved => Self::Unresolved,
        }
    }
}

/// Where the money of a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentRefundStatus {
    /// Decided here; the provider has not answered yet.
    Pending,
    /// The provider has accepted it and is working on it.
    Submitted,
    /// The money has gone back.
    Succeeded,
    /// The provider refused it.
    Failed,
    /// The payer's bank sent the money back to us.
    Reversed,
}

impl PaymentRefundStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Submitted => "SUBMITTED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Reversed => "REVERSED",
        }
    }

    /// What is left of `self` when the provider says `heard`. News may come late: what is final stays.
    pub fn heard(self, heard: Self) -> Self {
        use PaymentRefundStatus::*;
        match (self, heard) {
            (Reversed, _) | (_, Reversed) => Reversed,
            (Succeeded, Failed) | (Failed, Succeeded) => Reversed,
            (Succeeded, _) | (_, Succeeded) => Succeeded,
            (Failed, _) | (_, Failed) => Failed,
            (Submitted, _) | (_, Submitted) => Submitted,
            (Pending, Pending) => Pending,
        }
    }

    pub fn allowed(self) -> &'static [&'static str] {
        match self {
            Self::Pending => &["SUBMITTED", "SUCCEEDED", "FAILED"],
            Self::Submitted => &["SUCCEEDED", "FAILED"],
            Self::Succeeded => &["REVERSED"],
            Self::Failed => &["PENDING"],
            Self::Reversed => &[],
        }
    }
}

/// Where one use of a coupon stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RedemptionStatus {
    /// Kept for an order that is not paid yet.
    Held,
    /// Counts for good.
    Redeemed,
    /// Given back before the order was paid.
    Released,
    /// Given back because the whole order was canceled.
    Reversed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_of_a_refund_may_come_in_any_order() {
        use PaymentRefundStatus::*;
        let all = [Pending, Submitted, Succeeded, Failed, Reversed];
        for a in all {
            for b in all {
                assert_eq!(a.heard(b), b.heard(a), "{a:?} {b:?}");
                assert_eq!(a.heard(a), a);
                for c in all {
                    assert_eq!(a.heard(b).heard(c), a.heard(c).heard(b), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}
