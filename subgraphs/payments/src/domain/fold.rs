//! A payment's status and amounts as a fold over what was heard of it. The facts form a set: their order and their
//! number cannot matter, because nothing here looks at either.

use super::status::PaymentStatus;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that is true of a payment for good. Amounts are minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    ActionRequired,
    Processing,
    Authorized {
        amount: i64,
    },
    AuthorizationExpired,
    /// All that was captured until then.
    Captured {
        total: i64,
    },
    Failed {
        code: String,
    },
    Voided,
    /// We stopped waiting for the payer.
    GivenUp,
    RefundSucceeded {
        reference: String,
        amount: i64,
    },
    /// A refund that failed, or came back after it had succeeded.
    RefundReturned {
        reference: String,
    },
    DisputeOpened {
        reference: String,
    },
    DisputeWon {
        reference: String,
    },
    DisputeLost {
        reference: String,
        amount: i64,
    },
    /// `what` the provider says does not fit our payment.
    Mismatch {
        what: String,
    },
    /// Staff or a later answer of the provider cleared that mismatch.
    Resolved {
        what: String,
    },
}

/// The result of the fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub status: PaymentStatus,
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
}

#[derive(Default)]
struct Seen<'a> {
    action: bool,
    processing: bool,
    authorized: i64,
    authorization_expired: bool,
    captured: i64,
    failed: bool,
    voided: bool,
    given_up: bool,
    refunds: BTreeMap<&'a str, i64>,
    returned: BTreeSet<&'a str>,
    disputes: BTreeSet<&'a str>,
    won: BTreeSet<&'a str>,
    lost: BTreeMap<&'a str, i64>,
    mismatches: BTreeSet<&'a str>,
    resolved: BTreeSet<&'a str>,
}

/// Folds the facts of a payment over `amount`.
pub fn fold<'a>(amount: i64, facts: impl IntoIterator<Item = &'a Fact>) -> Standing {
    let mut seen = Seen::default();
    for fact in facts {
        seen.add(fact);
    }
    seen.standing(amount)
}

/// The mismatches that nobody has cleared.
pub fn unresolved<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Vec<String> {
    let mut seen = Seen::default();
    for fact in facts {
        seen.add(fact);
    }
    seen.mismatches
        .difference(&seen.resolved)
        .map(|what| (*what).to_owned())
        .collect()
}

fn most<'a>(map: &mut BTreeMap<&'a str, i64>, reference: &'a str, amount: i64) {
    let known = map.entry(reference).or_default();
    *known = amount.max(*known);
}

impl<'a> Seen<'a> {
    fn add(&mut self, fact: &'a Fact) {
        match fact {
            Fact::ActionRequired => self.action = true,
            Fact::Processing => self.processing = true,
            Fact::Authorized { amount } => self.authorized = self.authorized.max(*amount),
            Fact::AuthorizationExpired => self.authorization_expired = true,
            Fact::Captured { total } => self.captured = self.captured.max(*total),
            Fact::Failed { .. } => self.failed = true,
            Fact::Voided => self.voided = true,
            Fact::GivenUp => self.given_up = true,
            Fact::RefundSucceeded { reference, amount } => most(&mut self.refunds, reference, *amount),
            Fact::RefundReturned { reference } => {
                self.returned.insert(reference);
            }
            Fact::DisputeOpened { reference } => {
                self.disputes.insert(reference);
            }
            Fact::DisputeWon { reference } => {
                self.won.insert(reference);
            }
            Fact::DisputeLost { reference, amount } => most(&mut self.lost, reference, *amount),
            Fact::Mismatch { what } => {
                self.mismatches.insert(what);
            }
            Fact::Resolved { what } => {
                self.resolved.insert(what);
            }
        }
    }

    fn standing(&self, amount: i64) -> Standing {
        let sent: i64 = self.refunds.values().sum();
        // What went back must have been captured, whether we heard of that or not.
        let captured = self.captured.max(sent);
        let kept_back: i64 = self
            .refunds
            .iter()
            .filter(|(reference, _)| !self.returned.contains(*reference))
            .map(|(_, amount)| amount)
            .sum();
        let refunded = (kept_back + self.lost.values().sum::<i64>()).min(captured);
        Standing {
            status: self.status(amount, captured, refunded),
            authorized: self.authorized.max(captured),
            captured,
            refunded,
        }
    }

    fn status(&self, amount: i64, captured: i64, refunded: i64) -> PaymentStatus {
        if !self.mismatches.is_subset(&self.resolved) {
            return PaymentStatus::Unresolved;
        }
        if captured > 0 {
            return self.after_capture(amount, captured, refunded);
        }
        match () {
            () if self.voided && (self.authorized > 0 || !(self.failed || self.given_up)) => {
                PaymentStatus::Voided
            }
            () if self.authorization_expired => PaymentStatus::Expired,
            () if self.authorized > 0 => PaymentStatus::Authorized,
            () if self.given_up => PaymentStatus::Expired,
            () if self.failed => PaymentStatus::Failed,
            () if self.processing => PaymentStatus::Processing,
            () if self.action => PaymentStatus::RequiresAction,
            () => PaymentStatus::Created,
        }
    }

    fn after_capture(&self, amount: i64, captured: i64, refunded: i64) -> PaymentStatus {
        let closed =
            |reference: &&&str| !self.won.contains(**reference) && !self.lost.contains_key(**reference);
        match () {
            () if refunded >= captured => PaymentStatus::Refunded,
            // Money arrived although we had canceled.
            () if self.voided => PaymentStatus::Unresolved,
            () if self.disputes.iter().any(|reference| closed(&reference)) => PaymentStatus::Disputed,
            () if refunded > 0 => PaymentStatus::PartiallyRefunded,
            () if captured < amount => PaymentStatus::PartiallyCaptured,
            () => PaymentStatus::Captured,
        }
    }
}

#[cfg(test)]
mod tests;
