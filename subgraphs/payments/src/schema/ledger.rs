//! The ledger and what follows from it, for those it concerns.

use super::{order::Order, stubs::Vendor};
use crate::{
    domain::ledger::LedgerAccount,
    store::{
        ledger::{BalanceRow, EntryRow},
        shares::RuleRow,
    },
};
use async_graphql::{ID, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{Currency, Money};

/// One side of a booking.
#[derive(SimpleObject)]
pub struct LedgerEntry {
    /// Opaque ID.
    pub id: ID,
    /// The account.
    pub account: LedgerAccount,
    /// Amount on the debit side.
    pub debit: Money,
    /// Amount on the credit side.
    pub credit: Money,
    /// The order it belongs to.
    pub order: Option<Order>,
    /// Kind of object it was booked for: PAYMENT, VENDOR_ORDER, PAYMENT_REFUND, DISPUTE or TRIAL_BALANCE.
    pub ref_type: String,
    /// That object.
    pub ref_id: ID,
    /// When it was booked.
    pub at: DateTime<Utc>,
}

impl From<EntryRow> for LedgerEntry {
    fn from(row: EntryRow) -> Self {
        Self {
            id: row.id.to_string().into(),
            account: row.account,
            debit: Money::new(row.debit, row.currency),
            credit: Money::new(row.credit, row.currency),
            order: Some(Order::stub(row.order_id)),
            ref_type: row.ref_type,
            ref_id: row.ref_id.into(),
            at: row.created_at,
        }
    }
}

impl LedgerEntry {
    /// The sums of one account.
    pub fn sums(
        currency: Currency,
        account: LedgerAccount,
        debit: i64,
        credit: i64,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: format!("{currency}:{}", account.name()).into(),
            account,
            debit: Money::new(debit, currency),
            credit: Money::new(credit, currency),
            order: None,
            ref_type: "TRIAL_BALANCE".to_owned(),
            ref_id: currency.as_str().into(),
            at,
        }
    }
}

/// What a vendor has earned in one currency.
#[derive(SimpleObject)]
pub struct VendorBalance {
    /// ISO 4217 code.
    pub currency: Currency,
    /// Earned, not yet payable.
    pub pending: Money,
    /// Payable.
    pub available: Money,
    /// Paid so far.
    pub lifetime_paid: Money,
    /// Refunds have taken more than was earned.
    pub negative: bool,
}

impl From<BalanceRow> for VendorBalance {
    fn from(row: BalanceRow) -> Self {
        let money = |amount| Money::new(amount, row.currency);
        Self {
            currency: row.currency,
            pending: money(row.pending),
            available: money(row.available),
            lifetime_paid: money(row.paid),
            negative: row.pending + row.available < 0,
        }
    }
}

/// A rate of commission on what vendors charge for goods.
#[derive(SimpleObject)]
pub struct CommissionRule {
    /// Opaque ID.
    pub id: ID,
    /// The vendor it is for; absent for the platform's own rate.
    pub vendor: Option<Vendor>,
    /// Hundredths of a percent.
    pub basis_points: i32,
    /// From when on it applies.
    pub effective_from: DateTime<Utc>,
}

impl From<RuleRow> for CommissionRule {
    fn from(row: RuleRow) -> Self {
        Self {
            id: row.id.to_string().into(),
            vendor: row.vendor_id.map(|id| Vendor { id }),
            basis_points: row.basis_points,
            effective_from: row.effective_from,
        }
    }
}
